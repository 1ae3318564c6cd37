"""Which programs a tree names, and whether it starts copies of itself until the computer stops."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator

from shellper.safety.syntax import Compound, Node, Simple


def program_of(node: Node) -> str:
    """Return the plain name of a simple command's program, or nothing."""
    return node.words[0].raw.rsplit("/", 1)[-1] if isinstance(node, Simple) and node.words else ""


def calls_itself(parts: Iterable[Node], name: str, forked: bool = False) -> bool:
    """Tell whether a function runs itself in a pipe or in the background."""
    for part in parts:
        if isinstance(part, Simple):
            inside = (program.root for word in part.words for piece in word.pieces for program in piece.programs)
            if (forked and program_of(part) == name) or calls_itself(filter(None, inside), name, True):
                return True
        else:
            apart = forked or part.kind in ("pipe", "coproc", "subshell") or "&" in part.operators
            if calls_itself(part.parts, name, apart):
                return True
    return False


def spawns_without_end(parts: tuple[Node, ...]) -> bool:
    """Tell whether a loop that never ends leaves commands running in the background without waiting."""
    if len(parts) < 2 or program_of(parts[0]) not in ("true", ":") or not _leaves(parts[-1]):
        return False
    return not any(program_of(part) in ("sleep", "wait", "read") for part in getattr(parts[-1], "parts", ()))


def _leaves(node: Node) -> bool:
    """Tell whether a part leaves a command running in the background."""
    if not isinstance(node, Compound) or node.kind not in ("list", "subshell", "group"):
        return False
    return "&" in node.operators or any(_leaves(part) for part in node.parts)


def named_programs(node: Node, wrappers: Container[str]) -> Iterator[str]:
    """Name the programs of a part, also those behind `sudo` and the like."""
    if isinstance(node, Compound):
        for part in node.parts:
            yield from named_programs(part, wrappers)
    elif program_of(node) in wrappers:
        yield from (word.raw.rsplit("/", 1)[-1] for word in node.words)
    else:
        yield program_of(node)
