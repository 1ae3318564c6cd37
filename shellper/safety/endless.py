"""Output that never ends, and what keeps it: that fills the disk."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from shellper.safety.bombs import program_of
from shellper.safety.syntax import Compound, Node, Simple

# Programs that pass on all that they get, however long that is.
PASSING = frozenset(
    {"cat", "tac", "tee", "tr", "pv", "dd", "sed", "awk", "xxd", "od", "hexdump", "openssl", "sponge", "split", "shuf"}
    | {"base64", "base32", "gzip", "pigz", "bzip2", "xz", "zstd", "lz4", "rev", "nl", "cp", "yes"}
)
# What a loop needs to be no race: each of these waits or stops.
PAUSES = frozenset({"sleep", "wait", "read", "break", "exit", "return", "inotifywait", "usleep", "nc", "timeout"})
ADDING = frozenset({"cat", "echo", "printf", "date", "dd", "head", "yes", "tee"})
STOPS = re.compile(r"count=\d.*|-?[0-9;]*q[0-9;]*|-n\d+|--lines=.*|--stop-at-size|-S")


def passes(name: str, texts: Sequence[str]) -> bool:
    """Tell whether a program with these words goes on for as long as it is given something."""
    return name in PASSING and not any(STOPS.fullmatch(text) for text in texts)


def never_ends(name: str, texts: Sequence[str], endless: Iterable[str]) -> bool:
    """Tell whether a program prints without end because of its words; `endless` are the files without an end."""
    if name == "yes":
        return not {"--help", "--version"}.intersection(texts)
    paths = {text.removeprefix("if=") for text in texts}
    return passes(name, texts) and not paths.isdisjoint(endless)


def keeps(name: str, texts: Sequence[str]) -> bool:
    """Tell whether a program keeps in a file what it passes on, whatever its redirections are."""
    operands = [text for text in texts if not text.startswith("-")]
    if name == "dd":
        return any(text.startswith("of=") and not text.startswith("of=/dev/") for text in texts)
    if name in ("tee", "sponge", "cp"):
        return any(not text.startswith("/dev/") for text in operands)
    return name == "split"


def adds_without_end(parts: tuple[Node, ...]) -> bool:
    """Tell whether a loop that never ends adds to a file without ever waiting."""
    if len(parts) < 2 or program_of(parts[0]) not in ("true", ":"):
        return False
    found = [node for part in parts[1:] for node in _simple(part)]
    return not any(program_of(node) in PAUSES for node in found) and any(_adds(node) for node in found)


def _adds(node: Simple) -> bool:
    files = [redirect.target.raw for redirect in node.redirects if redirect.operator == ">>" and redirect.target]
    return program_of(node) in ADDING and any(not file.startswith("/dev/") for file in files)


def _simple(node: Node) -> Iterator[Simple]:
    if isinstance(node, Simple):
        yield node
    else:
        for part in node.parts:
            yield from _simple(part)


def feeds_on(node: Node, endless: Iterable[str], before: bool) -> bool:
    """Tell whether a stage of a pipe prints without end, where `before` says so of what it is given."""
    if isinstance(node, Compound):
        return node.kind == "loop" and len(node.parts) > 1 and program_of(node.parts[0]) in ("true", ":")
    texts = [word.raw.strip("'\"") for word in node.words[1:]]
    name = program_of(node)
    fed = any(
        redirect.operator == "<" and redirect.target and redirect.target.raw in set(endless)
        for redirect in node.redirects
    )
    return never_ends(name, texts, endless) or ((before or fed) and passes(name, texts))
