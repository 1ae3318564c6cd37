"""Which paths packing and unpacking concern, as far as names tell: what comes out is known only afterwards."""

from __future__ import annotations

import re
import tarfile
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from shellper.effects.changes import Change, ChangeKind
from shellper.effects.node import Kind, Node
from shellper.effects.plan import Plan, Unplannable, World

MOST_MEMBERS = 20_000
"""An archive with more members is not read."""

LARGEST_READ = 64 << 20
"""A larger compressed archive is not read for its names, since all of it must be unpacked for that."""


def plan_tar(world: World, options: Sequence[str], words: Sequence[str]) -> Plan | None:
    """Plan `tar -caf ARCHIVE SOURCE`, `tar -xf ARCHIVE [-C FOLDER]` and `tar -tf ARCHIVE`, which only reads."""
    way = next((option for option in options if option != "--no-unquote"), "")
    if way == "-tf":
        return None
    if way == "-caf":
        return _pack(world, words[0])
    if way != "-xf":
        raise Unplannable("tar's options are not known")
    archive, folder = _unpacking(words, "-C")
    place = world.place(archive)
    if not place.is_file():
        world.problem(f"there is no {archive}")
        return world.plan()
    try:
        if place.stat().st_size > LARGEST_READ:
            raise Unplannable(f"{archive} is too large to be read beforehand")
        with tarfile.open(place) as opened:
            names = [(one.name, one.size) for one, _ in zip(opened, range(MOST_MEMBERS + 1), strict=False)]
    except (OSError, tarfile.TarError, EOFError) as error:
        raise Unplannable(f"{archive} can't be read: {error}") from error
    return _unpack(world, names, folder)


def plan_zip(world: World, options: Sequence[str], words: Sequence[str]) -> Plan:
    """Plan `zip -r ARCHIVE SOURCE`; a name without an ending gets `.zip` (zip(1))."""
    name = words[0]
    return _pack(world, name if "." in Path(name).name else f"{name}.zip")


def plan_unzip(world: World, options: Sequence[str], words: Sequence[str]) -> Plan | None:
    """Plan `unzip -n ARCHIVE [-d FOLDER]` and `unzip -l ARCHIVE`, which only reads."""
    if "-l" in options:
        return None
    archive, folder = _unpacking(words, "-d")
    archive = _plain_name(archive)
    place = next((one for one in (world.place(archive), world.place(f"{archive}.zip")) if one.is_file()), None)
    if place is None:
        world.problem(f"there is no {archive}")
        return world.plan()
    try:
        with zipfile.ZipFile(place) as opened:
            names = [(one.filename, one.file_size) for one in opened.infolist()]
    except (OSError, zipfile.BadZipFile, NotImplementedError) as error:
        raise Unplannable(f"{archive} can't be read: {error}") from error
    return _unpack(world, names, folder, keeps=True)


def _unpacking(words: Sequence[str], option: str) -> tuple[str, str]:
    """Return archive and folder."""
    folder = words[words.index(option) + 1] if option in words else "."
    return words[0], folder


def _plain_name(archive: str) -> str:
    """Return the name that unzip looks for: `[*]` in the last part of one with wildcards is a star (unzip(1))."""
    folder, slash, name = archive.rpartition("/")
    if not re.search(r"\[[*?\[]\]", name):
        return archive
    return folder + slash + re.sub(r"\[([*?\[])\]", r"\1", name.replace(r"\\", "\\"))


def _pack(world: World, archive: str) -> Plan:
    """Plan an archive that comes to be, or one that is written anew."""
    place = world.follow(world.place(archive))
    if not world.can_change(place.parent, archive):
        return world.plan()
    before = world.look(place)
    if before is not None and before.kind is not Kind.FILE:
        raise Unplannable(f"{archive} is no file")
    after = Node(Kind.FILE, 0o666 & ~world.umask, world.owner_in(place.parent)[0])
    kind = ChangeKind.CREATED if before is None else ChangeKind.OVERWRITTEN
    world.watch(place, Change(kind, place, before, before or after))
    return world.plan(exact=False)


def _unpack(world: World, members: Iterable[tuple[str, int]], folder: str, keeps: bool = False) -> Plan:
    """Plan what members make in a folder: the topmost of the new paths, and files that are there already.

    With `keeps` such files stay as they are.
    """
    members = list(members)
    if len(members) > MOST_MEMBERS:
        raise Unplannable(f"the archive has more than {MOST_MEMBERS:,} files")
    top = world.follow(world.place(folder))
    if not keeps and not top.is_dir():  # unzip makes the folder, tar does not
        world.problem(f"there is no folder {folder}")
        return world.plan()
    seen: dict[Path, int] = {}
    over: dict[Path, None] = {}
    for name, size in members:
        parts = [part for part in Path(name.lstrip("/")).parts if part not in ("", ".")]
        if ".." in parts:
            continue  # neither program follows these
        path = top
        for part in parts:
            new = world.place(str(path / part))
            if world.look_or_none(new) is None:
                seen[new] = seen.get(new, 0) + size
                break
            path = world.follow(new)
        else:
            if parts and not keeps:
                _meet(world, new, path, over)
    if not top.is_dir():
        seen = {world.topmost_missing(top): sum(size for _, size in members)}
        over = {}
    for path, size in seen.items():
        owner = (world.user, 0)
        world.watch(path, Change(ChangeKind.CREATED, path, None, Node(Kind.FILE, 0o666 & ~world.umask, owner, size)))
    for path in over:
        before = world.look(path)
        world.watch(path, Change(ChangeKind.OVERWRITTEN, path, before, before))
    return world.plan(exact=False)


def _meet(world: World, place: Path, real: Path, over: dict[Path, None]) -> None:
    """Note what tar does to an entry that is there: a file or a link is replaced, a folder gets another mode."""
    if real.is_dir():
        world.watch_facts(real)
    elif real.is_file():
        over[real] = None
    if place != real:
        over[place] = None
