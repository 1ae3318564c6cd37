"""What is known of a command's words and outputs before it runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from shellper.safety.bombs import named_programs
from shellper.safety.listing import Listed, listed_by
from shellper.safety.places import Places
from shellper.safety.printed import output
from shellper.safety.state import Feed, State
from shellper.safety.syntax import Compound, Kind, Node, Program, Redirect, Simple, Word
from shellper.safety.words import Values, expand

MOST_PRINTED = 4
DOCUMENTS = ("<<", "<<-", "<<<")


def values_of(places: Places, state: State, depth: int = 0) -> Values:
    """Return what the variables hold at one point."""
    folder = state.folders[0] if state.folders and len(state.folders) == 1 else None

    def printed(program: Program) -> str | None:
        if program.root is None or depth > MOST_PRINTED:
            return None
        text = text_of(program.root, places, state, None, depth + 1)
        return None if text is None else text.rstrip("\n")

    user = places.context.user
    return Values(places.home, folder, state.variables, user, printed, state.words, state.arrays)


def text_of(node: Node, places: Places, state: State, fed: str | None, depth: int = 0) -> str | None:
    """Return all of the text that a command prints when it is fed a text, if that is known."""
    if isinstance(node, Compound) and node.kind == "pipe" and not node.redirects:
        return shown_by(node.parts, values_of(places, state, depth), fed)
    values = values_of(places, state, depth)
    return _folder_of(node, values) or shown_by((node,), values, fed)


def _folder_of(node: Node, values: Values) -> str | None:
    """Return the folder that `cd FOLDER && pwd` prints."""
    if not isinstance(node, Compound) or node.kind != "list" or node.redirects or len(node.parts) != 2:
        return None
    first, second = node.parts
    if not (isinstance(first, Simple) and isinstance(second, Simple)):
        return None
    words = [argument.literal for word in first.words for argument in expand(word, values)]
    there = words[1] if len(words) == 2 and words[0] == "cd" else None
    if there is None or [word.raw for word in second.words] != ["pwd"] or there.startswith("-"):
        return None
    return there if there.startswith("/") else f"{values.folder}/{there}" if values.folder else None


def printed_by(node: Node, places: Places, state: State, fed: str | None) -> tuple[str | None, bool]:
    """Return the text that a stage of a pipe prints as far as it is known, and whether that is all of it."""
    if isinstance(node, Compound) and node.kind in ("list", "group", "subshell"):
        parts = [printed_by(part, places, state, None) for part in node.parts]
        texts = [text for text, _ in parts if text is not None]
        return "".join(texts) or None, len(texts) == len(parts) and all(whole for _, whole in parts)
    return text_of(node, places, state, fed), True


def listed_in(node: Node, values: Values, before: Listed | None) -> Listed | None:
    """Return the names that a stage lists, if it is known where they are."""
    if not isinstance(node, Simple):
        return None
    return listed_by([argument for word in node.words for argument in expand(word, values)], before)


def shown_by(stages: Sequence[Node], values: Values, text: str | None = None) -> str | None:
    """Work out what `echo` and plain filters print."""
    for stage in stages:
        if not isinstance(stage, Simple) or stage.assignments:
            return None
        for redirect in stage.redirects:
            if redirect.operator not in DOCUMENTS:
                return None
            text = document(redirect, values)
        words = [argument.literal for word in stage.words for argument in expand(word, values)]
        known = [word for word in words if word is not None]
        text = output(known, text, values.folder) if len(known) == len(words) else None
    return text


def document(redirect: Redirect, values: Values) -> str | None:
    """Return the text that a here-document or here-string gives as input, if it is known."""
    if redirect.document:
        found = redirect.document
        return found.text if found.literal else _text(Word(0, 0, found.pieces, ""), values)
    if redirect.operator == "<<<" and redirect.target:
        # The shell ends a here-string with a line break.
        text = _text(redirect.target, values)
        return None if text is None else text + "\n"
    return None


def _text(word: Word, values: Values) -> str | None:
    """Return what a word stands for where it isn't split, if that is known."""
    if not word.pieces:
        return None
    words = expand(replace(word, pieces=tuple(replace(piece, quoted=True) for piece in word.pieces)), values)
    return words[0].literal if len(words) == 1 else None


def input_of(redirects: Sequence[Redirect], places: Places, state: State, wrappers: frozenset[str], feed: Feed) -> Feed:
    """Return what a command is fed once its own here-documents, here-strings and `< <(...)` are counted."""
    values = values_of(places, state)
    for redirect in redirects:
        programs = tuple(_programs(redirect))
        names = tuple(name for program in programs for name in named_programs(program, wrappers))
        if redirect.operator in DOCUMENTS:
            text = document(redirect, values)
            feed = Feed(names, text, text is not None, None)
        elif redirect.operator == "<" and len(programs) == 1 and _is_process(redirect):
            text, whole = printed_by(programs[0], places, state, None)
            feed = Feed(names, text, whole, listed_in(programs[0], values, None))
    return feed


def _is_process(redirect: Redirect) -> bool:
    return redirect.target is not None and [piece.kind for piece in redirect.target.pieces] == [Kind.PROCESS]


def _programs(redirect: Redirect) -> Iterator[Node]:
    pieces = redirect.target.pieces if redirect.target and not redirect.document else ()
    found = [program for piece in pieces for program in piece.programs]
    for program in (*found, *(redirect.document.programs if redirect.document else ())):
        if program.root is not None:
            yield program.root
