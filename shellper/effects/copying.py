"""The planners of cp and mv (GNU coreutils, "cp invocation", "mv invocation")."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from shellper.effects.changes import ChangeKind
from shellper.effects.node import Kind, Node
from shellper.effects.plan import Unplannable, World, mounts_below

_PERMISSIONS = 0o777


def plan_cp(world: World, options: Sequence[str], words: Sequence[str]) -> None:
    """Plan a copy; with `-r` folders are copied and links stay links."""
    recursive = "-r" in options
    *sources, destination = words
    made: set[Path] = set()
    for word, target in _targets(world, sources, destination, may_make_folder=recursive):
        place = world.place(word)
        if not recursive or word.endswith("/"):
            place = world.follow(place)
        node = world.look(place)
        if node is None or (node.kind is Kind.LINK and not recursive):  # links that lead in a circle
            world.problem(f"there is no {word}")
        elif node.is_folder and not recursive:
            world.problem(f"{word} is a folder, which is copied only with everything in it")
        elif target in made:
            world.problem(f"{word} would overwrite another copy of the same name")
        else:
            if node.is_folder and (target == place or target.is_relative_to(place)):
                raise Unplannable("a folder can't be copied into itself")
            _check_readable(place, node)
            before, failed = world.look(target), world.problem_count
            _copy(world, place, node, target)
            # What could not be copied leaves its place to the next one.
            if world.problem_count == failed or (node.is_folder and before is not None and before.is_folder):
                made.add(target)


def _targets(
    world: World, sources: Sequence[str], destination: str, *, may_make_folder: bool
) -> Iterator[tuple[str, Path]]:
    """Yield each source and the place it goes to: into a folder that is there, else to the name itself."""
    place = world.place(destination)
    real = world.follow(place)
    there = world.look_at(real) if os.path.lexists(real) else None
    if there is not None and there.is_folder:
        for word in sources:
            name = os.path.basename(word.rstrip("/"))  # noqa: PTH119 (`.` and `..` are names here)
            yield word, real if name in ("", ".", "..") else real / name
        return
    if len(sources) > 1:
        world.problem(f"{destination} is no folder, so several files can't go into it")
        return
    word = sources[0]
    if destination.endswith("/"):
        source = world.look(world.place(word))
        if there is not None or not may_make_folder or source is None or not source.is_folder:
            world.problem(f"there is no folder {destination}")
            return
    yield word, place


def _copy(world: World, source: Path, node: Node, target: Path) -> None:
    """Plan the copy of one entry to a place."""
    if node.kind is Kind.OTHER:
        raise Unplannable(f"{source} is no file, folder or link")
    before = world.look(target)
    if before is None:
        if world.can_change(target.parent, str(target)):
            owner, inherited = world.owner_in(target.parent)
            world.create(target, _copied(world, node, owner, inherited))
        return
    if node.kind is Kind.FILE:
        _copy_over(world, source, node, target)
    elif node.kind is Kind.LINK:
        if before.is_folder:
            world.problem(f"{target} is a folder, which a link can't overwrite")
        elif target == source:
            world.problem(f"{source.name} and {target.name} are the same file")
        elif os.path.lexists(target) and _is_same(source, target):
            raise Unplannable(f"{source.name} and {target.name} are names of the same link")
        elif world.can_change(target.parent, str(target)):
            owner, inherited = world.owner_in(target.parent)
            world.replace(target, before, _copied(world, node, owner, inherited))
    elif not before.is_folder:
        world.problem(f"{target} is no folder, so a folder can't overwrite it")
    else:
        for name, child in node.children.items():
            _copy(world, source / name, child, target / name)


def _copy_over(world: World, source: Path, node: Node, target: Path) -> None:
    """Plan that a file's bytes go into a file that is there, through links."""
    real = world.follow(target)
    before = world.look(real)
    if before is None or before.kind is Kind.LINK:
        world.problem(f"{target} is a link to nothing, which is not written through")
    elif before.is_folder:
        world.problem(f"{target} is a folder, which a file can't overwrite")
    elif before.kind is not Kind.FILE:
        raise Unplannable(f"{target} is no file, folder or link")
    elif real == source or (os.path.lexists(real) and real.samefile(source)):
        world.problem(f"{source.name} and {target.name} are the same file")
    elif not os.access(real, os.W_OK):
        world.problem(f"{target} can't be written")
    else:
        world.write(real, before, node.content, node.size, ChangeKind.OVERWRITTEN)


def _copied(world: World, node: Node, owner: tuple[int, int], inherited: int) -> Node:
    """Return the copy of an entry as it comes to be: the umask holds, times are new, other names are not kept."""
    if node.kind is Kind.OTHER:
        raise Unplannable("there is something that is no file, folder or link")
    if node.kind is Kind.LINK:
        return replace(node, owner=owner, modified=None, links=1, attributes=())
    mode = node.mode & _PERMISSIONS & ~world.umask
    if not node.is_folder:
        return replace(node, mode=mode, owner=owner, modified=None, links=1, attributes=())
    mode |= inherited | (node.mode & stat.S_ISVTX)
    children = {name: _copied(world, child, owner, inherited) for name, child in node.children.items()}
    return replace(node, mode=mode, owner=owner, modified=None, attributes=(), children=children)


def _check_readable(path: Path, node: Node) -> None:
    """Raise `Unplannable` where not all can be read, so that the copy would be in parts."""
    if node.kind in (Kind.FILE, Kind.FOLDER) and not os.access(path, os.R_OK):
        raise Unplannable(f"{path} can't be read")
    for name, child in node.children.items():
        _check_readable(path / name, child)


def plan_mv(world: World, options: Sequence[str], words: Sequence[str]) -> None:
    """Plan a move: by renaming, in place of a file or an empty folder that is there."""
    *sources, destination = words
    made: set[Path] = set()
    for word, target in _targets(world, sources, destination, may_make_folder=True):
        found = world.entry(word, "moved")
        if found is None:
            continue
        place, node = found
        if word.endswith("/") and not node.is_folder:
            if node.kind is Kind.LINK:
                raise Unplannable(f"{word} names what a link leads to")
            world.problem(f"{word} is no folder")
        elif target in made:
            world.problem(f"{word} would overwrite another file of the same name that was just moved")
        elif _may_move(world, place, node, target):
            made.add(target)
            world.move(place, target, node)


def _may_move(world: World, source: Path, node: Node, target: Path) -> bool:
    """Say whether a move works; notes the problem where it doesn't."""
    before = world.look(target)
    if target == source or (os.path.lexists(target) and before is not None and _is_same(source, target)):
        if target != source:
            raise Unplannable(f"{source.name} and {target.name} are names of the same file")
        world.problem(f"{source.name} is there already")
    elif node.is_folder and target.is_relative_to(source):
        world.problem(f"{source.name} can't be moved into itself")
    elif before is not None and before.is_folder and (not node.is_folder or before.children):
        what = "has something in it" if node.is_folder else "is a folder"
        world.problem(f"{target} {what}, so it isn't overwritten")
    elif before is not None and node.is_folder and not before.is_folder:
        world.problem(f"{target} is no folder, so a folder can't overwrite it")
    elif mounts_below(source):
        raise Unplannable(f"another disk is mounted at or below {source}")
    else:
        return world.can_change(source.parent, str(source)) and world.can_change(target.parent, str(target))
    return False


def _is_same(one: Path, other: Path) -> bool:
    first, second = one.lstat(), other.lstat()
    return (first.st_dev, first.st_ino) == (second.st_dev, second.st_ino)
