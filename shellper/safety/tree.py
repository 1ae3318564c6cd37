"""The reading of a text: shfmt gives the tree, and what bashlex and our own lexer read must not differ from it."""

from __future__ import annotations

from collections.abc import Iterator

from shellper.safety import by_bashlex, by_shfmt
from shellper.safety.lexer import Tokens, tokenize
from shellper.safety.syntax import Compound, Kind, Node, Simple, Tree, Unreadable, Word, commands

# What shfmt must have seen for a doubt of the second reader to be no doubt: bashlex 0.18 doesn't read these at all.
FIXED = {"arithmetic in `((`": {"arithmetic", "for (("}, "a redirection into a variable": {"{fd}"}}
STATIC = (Kind.TEXT, Kind.GLOB, Kind.TILDE)


def read_tree(text: str) -> Tree:
    """Read a text with both readers, or raise `Unreadable` if there is nothing to go by.

    Where shfmt rejects it, the second reader's tree is returned with a doubt, so that rules can still raise the level.
    """
    tokens, problem = _tokens(text)
    if tokens is not None and not any(isinstance(item, Word) for item in tokens.items) and "((" not in text:
        raise Unreadable("no command")
    try:
        reading = by_shfmt.read(text)
    except by_shfmt.NoReaderError:
        if tokens is None:
            raise Unreadable(problem) from None
        found = by_bashlex.read(text, tokens)
        return Tree(found.root, found.doubts, lone=True)
    except (Unreadable, KeyError, TypeError, ValueError, RecursionError) as error:
        said = str(error) if isinstance(error, Unreadable) else "a construct that isn't known"
        if tokens is None:
            raise Unreadable(problem) from None
        found = by_bashlex.read(text, tokens)
        return Tree(found.root, tuple(dict.fromkeys((*found.doubts, said))))
    if tokens is None:
        # Our own lexer leaves some text alone; then bashlex must see the same commands by itself.
        same = by_bashlex.places(text) == commands(reading.root)
        return Tree(reading.root, () if same else (problem,))
    return Tree(reading.root, tuple(dict.fromkeys(_doubts(text, tokens, reading))))


def _tokens(text: str) -> tuple[Tokens | None, str]:
    try:
        return tokenize(text), ""
    except Unreadable as error:
        return None, str(error)


def _doubts(text: str, tokens: Tokens, reading: by_shfmt.Reading) -> Iterator[str]:
    """Say where the second reader differs, or doesn't read what it should."""
    for doubt in tokens.doubts:
        if not FIXED.get(doubt, set()) & reading.beyond:
            yield doubt
    words = {(word.start, word.end): word for word in tokens.items if isinstance(word, Word)}
    for word in _words(reading.root):
        if "=(" in word.raw and "array" in reading.beyond:
            continue
        other = words.get((word.start, word.end))
        if other is None or _differ(word, other):
            yield "the readers see different words"
            return
    second = by_bashlex.read(text, tokens) if words else None
    if second is None:
        return
    if not second.doubts:
        if commands(second.root) != commands(reading.root):
            yield "the readers see different commands"
    elif not reading.beyond:
        yield from second.doubts


def _words(node: Node) -> Iterator[Word]:
    """Yield the words of all simple commands that aren't inside other words."""
    if isinstance(node, Simple):
        yield from node.words
    elif isinstance(node, Compound):
        for part in node.parts:
            yield from _words(part)


def _differ(word: Word, other: Word) -> bool:
    """Tell whether two readings of a word that is written out differ in what they say it is."""
    if not all(piece.kind in STATIC for one in (word, other) for piece in one.pieces):
        return False
    return _spelled(word) != _spelled(other)


def _spelled(word: Word) -> list[tuple[str, bool]]:
    return [(character, piece.quoted) for piece in word.pieces for character in piece.text]
