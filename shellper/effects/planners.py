"""From a tool call's command, as words, to the plan of what it changes."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from shellper.calls import LocalDisk, RenderedCommand
from shellper.effects.archives import plan_tar, plan_unzip, plan_zip
from shellper.effects.changes import ChangeKind
from shellper.effects.copying import plan_cp, plan_mv
from shellper.effects.modes import changed_mode
from shellper.effects.node import Kind, Node
from shellper.effects.plan import Plan, Unplannable, World, mounts_below


def plan_command(command: RenderedCommand, folder: Path, home: Path, mounts: Iterable[Path] = ()) -> Plan | None:
    """Return what a tool's command changes on the disk as it is; None for one that only reads.

    `mounts` are the folders that the sandbox mounts for themselves. Raises `Unplannable` where that can't be known.
    """
    disk = LocalDisk(folder, home)
    words: list[str] = []
    for index, word in enumerate(command.argv):
        found = disk.matches(word) if index in command.globs else ()
        words += [_home(one, home) if index in command.paths else one for one in (found or [word])]
    world = World(folder, home, mounts)
    if command.append_to is not None:
        _plan_append(world, words[-1], _home(command.append_to, home))
        return world.plan()
    program, *rest = words
    planner = _PLANNERS.get(program)
    if planner is None:
        return None
    return planner(world, *_split(rest))


def _home(word: str, home: Path) -> str:
    """Return a path with a leading `~` replaced, as the shell does."""
    return f"{home}{word[1:]}" if word == "~" or word.startswith("~/") else word


def _split(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return options and operands."""
    options: list[str] = []
    for index, word in enumerate(words):
        if word == "--":
            return options, list(words[index + 1 :])
        if not word.startswith("-") or word == "-":
            return options, list(words[index:])
        options.append(word)
    return options, []


def _exact(
    plan: Callable[[World, Sequence[str], Sequence[str]], None],
) -> Callable[[World, list[str], list[str]], Plan]:
    def run(world: World, options: list[str], words: list[str]) -> Plan:
        plan(world, options, words)
        return world.plan()

    return run


def _plan_rm(world: World, options: Sequence[str], words: Sequence[str]) -> None:
    recursive = "-r" in options
    for word in words:
        found = world.entry(word, "deleted")
        if found is None:
            continue
        place, node = found
        if word.endswith("/") and not node.is_folder:
            raise Unplannable(f"{word} is no folder")
        elif node.is_folder and not recursive:
            world.problem(f"{word} is a folder, which is deleted only with everything in it")
        elif node.is_folder and (mounts_below(place) or not _can_be_emptied(place, node)):
            raise Unplannable(f"not all in {word} can be deleted")
        elif world.can_change(place.parent, word):
            world.delete(place, node)


def _can_be_emptied(path: Path, node: Node) -> bool:
    """Say whether every folder with something in it can be written and read."""
    if not node.children:
        return os.access(path, os.R_OK)
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        return False
    return all(_can_be_emptied(path / name, child) for name, child in node.children.items() if child.is_folder)


def _plan_rmdir(world: World, options: Sequence[str], words: Sequence[str]) -> None:
    for word in words:
        found = world.entry(word, "deleted")
        if found is None:
            continue
        place, node = found
        if not node.is_folder:
            world.problem(f"{word} is no folder")
        elif node.children:
            world.problem(f"{word} is not empty")
        elif mounts_below(place):
            world.problem(f"another disk is mounted at {word}")
        elif world.can_change(place.parent, word):
            world.delete(place, node)


def _plan_mkdir(world: World, options: Sequence[str], words: Sequence[str]) -> None:
    for word in words:
        if "-p" in options:
            _make_all(world, word)
            continue
        place = world.place(word)
        if world.look(place) is not None:
            world.problem(f"{word} is there already")
        elif world.can_change(place.parent, word):
            owner, inherited = world.owner_in(place.parent)
            world.create(place, Node(Kind.FOLDER, 0o777 & ~world.umask | inherited, owner))


def _make_all(world: World, word: str) -> None:
    """Plan `mkdir -p`: each folder that is missing; those above the last one can always be entered by their owner."""
    missing: list[str] = []
    path = os.path.join(world.folder, word).rstrip("/") or "/"  # noqa: PTH118
    if ".." in Path(path).parts:
        raise Unplannable(f"{word} goes up and down")
    place = Path(path)
    while not os.path.lexists(place):
        missing.append(place.name)
        place = place.parent
    if not place.is_dir():
        world.problem(f"{place} is no folder")
        return
    if not missing:
        return
    place = Path(os.path.realpath(place))
    if not world.can_change(place, word):
        return
    owner, inherited = world.owner_in(place)
    plain = 0o777 & ~world.umask | inherited
    node = Node(Kind.FOLDER, plain, owner)
    for name in missing[:-1]:
        node = Node(Kind.FOLDER, plain | stat.S_IWUSR | stat.S_IXUSR, owner, children={name: node})
    world.create(place / missing[-1], node)


def _plan_touch(world: World, options: Sequence[str], words: Sequence[str]) -> None:
    for word in words:
        place = world.place(word)
        real = world.follow(place)
        node = world.look(real)
        if node is not None:
            if node.kind is Kind.OTHER:
                raise Unplannable(f"{word} is no file")
            if node.kind is Kind.LINK:
                world.problem(f"{word} is a link that leads to itself")
                continue
            if not node.is_folder and word.endswith("/"):
                world.problem(f"{word} is no folder")
            elif os.access(real, os.W_OK) or node.owner[0] == world.user:
                world.set_facts(real, node, replace(node, modified=None), ChangeKind.TIME)
            else:
                world.problem(f"{word} can't be written")
        elif word.endswith("/"):
            world.problem(f"there is no folder {word}")
        else:
            _create_file(world, real, word, b"")


def _create_file(world: World, path: Path, word: str, data: bytes) -> None:
    """Plan a new file."""
    if world.can_change(path.parent, word):
        owner, _ = world.owner_in(path.parent)
        content = (data,) if data else ()
        world.create(path, Node(Kind.FILE, 0o666 & ~world.umask, owner, len(data), content=content))


def _plan_append(world: World, text: str, word: str) -> None:
    """Plan a line that is added to a file by the shell's `>>`."""
    data = f"{text}\n".encode("utf-8", "surrogateescape")
    real = world.follow(world.place(word))
    node = world.look(real)
    if node is None:
        if word.endswith("/"):
            world.problem(f"there is no folder {word}")
        else:
            _create_file(world, real, word, data)
    elif node.kind is Kind.LINK:
        world.problem(f"{word} is a link that leads to itself")
    elif node.is_folder or word.endswith("/"):
        world.problem(f"{word} is {'a folder' if node.is_folder else 'no folder'}")
    elif node.kind is not Kind.FILE:
        raise Unplannable(f"{word} is a device, and what it does with a text can't be known")
    elif not os.access(real, os.W_OK):
        world.problem(f"{word} can't be written")
    else:
        world.write(real, node, (real, data), node.size + len(data), ChangeKind.CHANGED)


def _plan_chmod(world: World, options: Sequence[str], words: Sequence[str]) -> None:
    text, *names = words
    for word in names:
        place = world.place(word)
        real = world.follow(place)
        node = world.look(real)
        if node is None or node.kind is Kind.LINK:
            world.problem(f"there is no {word}")
            continue
        mode = changed_mode(node.mode, text, node.is_folder, world.umask)
        if mode is None:
            world.problem(f"{text} is no mode")
            return
        if world.user not in (0, node.owner[0]):
            world.problem(f"{word} belongs to somebody else")
        elif mode != node.mode:
            world.set_facts(real, node, replace(node, mode=mode), ChangeKind.MODE)


_PLANNERS: dict[str, Callable[[World, list[str], list[str]], Plan | None]] = {
    "cp": _exact(plan_cp),
    "mv": _exact(plan_mv),
    "rm": _exact(_plan_rm),
    "rmdir": _exact(_plan_rmdir),
    "mkdir": _exact(_plan_mkdir),
    "touch": _exact(_plan_touch),
    "chmod": _exact(_plan_chmod),
    "tar": plan_tar,
    "zip": plan_zip,
    "unzip": plan_unzip,
}
