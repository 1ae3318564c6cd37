"""The steps that a transaction is made of, each of which a crash may come before."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
import sys
from pathlib import Path

from shellper.effects.node import OVERLAY_MARK, State

# linux/fs.h: _IOW(0x94, 9, int): the copy shares the blocks of the original (btrfs, xfs).
_FICLONE = 0x40049409
# Another file system, no more links, or links not allowed here (fs.protected_hardlinks, proc_sys_fs(5)).
_NO_LINK = (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP, errno.EACCES)


class Disk:
    """What transactions do to the disk. All methods raise OSError."""

    def about_to(self, step: str) -> None:
        """Come before each step that changes the disk; the tests end the process here."""

    def rename(self, source: Path, target: Path) -> None:
        """Rename an entry; a folder that can't be written is made writable for that moment."""
        self.about_to("rename")
        try:
            source.rename(target)
        except PermissionError:
            found = source.lstat()
            if not stat.S_ISDIR(found.st_mode) or found.st_mode & stat.S_IWUSR:
                raise
            source.chmod(stat.S_IMODE(found.st_mode) | stat.S_IWUSR)
            try:
                source.rename(target)
            except OSError:
                source.chmod(stat.S_IMODE(found.st_mode))
                raise
            target.chmod(stat.S_IMODE(found.st_mode))

    def take(self, path: Path, slot: Path, aside: Path) -> None:
        """Move an entry into the store: renamed, or on another file system copied whole and then removed."""
        try:
            self.rename(path, slot)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            self.copy(path, slot)
            self.remove(path, aside)

    def put(self, source: Path, path: Path, aside: Path) -> None:
        """Move an entry from the store to its place, where nothing is.

        On another file system it is copied to a name beside, which then takes the place, and the source stays.
        """
        try:
            self.rename(source, path)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            self.copy(source, path, aside)

    def copy(self, source: Path, target: Path, part: Path | None = None, sync: bool = True) -> None:
        """Copy an entry with all of its facts; what has the target's name is whole and by default on the disk."""
        part = part or target.with_name(f"{target.name}.part")
        self.remove(part)
        self.about_to("copy")
        _copy(source, part, link=False, sync=sync)
        self.rename(part, target)

    def link(self, source: Path, target: Path) -> None:
        """Keep an entry that is about to go under a second name: hard links where they can be, else copies."""
        self.about_to("link")
        part = target.with_name(f"{target.name}.part")
        _copy(source, part, link=True)
        part.rename(target)

    def rewrite(self, path: Path, source: Path) -> None:
        """Write a file's bytes into another that is there, which keeps its identity and its other names."""
        self.about_to("rewrite")
        with source.open("rb") as reading, path.open("r+b") as writing:
            shutil.copyfileobj(reading, writing, 1 << 20)
            self.about_to("truncate")
            writing.truncate()
            os.fsync(writing.fileno())

    def set_facts(self, path: Path, state: State) -> None:
        """Give an entry the owner, mode, attributes and time of a state."""
        self.about_to("facts")
        set_owner(path, state.owner)
        if not path.is_symlink():
            _set_attributes(path, dict(state.attributes))
            if stat.S_IMODE(path.stat().st_mode) != state.mode:
                path.chmod(state.mode)
        set_time(path, state.modified)

    def set_time(self, path: Path, modified: int) -> None:
        """Set an entry's time of modification."""
        self.about_to("time")
        set_time(path, modified)

    def remove(self, path: Path, aside: Path | None = None) -> None:
        """Remove an entry and all in it; by `aside`, a name beside it, it goes at once for those who look."""
        if not os.path.lexists(path):
            return
        if aside is not None:
            self.rename(path, aside)
            path = aside
        self.about_to("remove")
        remove_tree(path)

    def append(self, path: Path, line: bytes, sync: bool = True) -> None:
        """Add a line to a journal, all of it or nothing, and by default wait until it is on the disk."""
        self.about_to("journal")
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            size = os.fstat(descriptor).st_size
            try:
                if os.write(descriptor, line) != len(line):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
                if sync:
                    os.fsync(descriptor)
            except OSError:
                os.ftruncate(descriptor, size)
                raise
        finally:
            os.close(descriptor)

    def sync(self, *folders: Path) -> None:
        """Wait until the names in folders are on the disk; some file systems can't, and it is no error there."""
        for folder in dict.fromkeys(folders):
            with contextlib.suppress(OSError):
                descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
                try:
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)


def remove_tree(path: Path) -> None:
    """Remove an entry and all in it, folders without permissions too; what isn't there is no error."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISDIR(found.st_mode):
        path.unlink()
        return
    if found.st_mode & stat.S_IRWXU != stat.S_IRWXU:
        path.chmod(stat.S_IRWXU)
    for child in list(path.iterdir()):
        remove_tree(child)
    path.rmdir()


def _copy(source: Path, target: Path, *, link: bool, sync: bool = True) -> None:
    """Copy an entry and all in it, with its facts; with `link` files become links of the same file where that works."""
    found = source.lstat()
    if stat.S_ISDIR(found.st_mode):
        target.mkdir(mode=0o700)
        for child in source.iterdir():
            _copy(child, target / child.name, link=link, sync=sync)
    elif link and _link(source, target):
        return
    elif stat.S_ISLNK(found.st_mode):
        target.symlink_to(source.readlink())
    elif stat.S_ISREG(found.st_mode):
        _copy_bytes(source, target, sync)
    elif stat.S_ISFIFO(found.st_mode):
        os.mkfifo(target, 0o600)
    else:
        os.mknod(target, stat.S_IFMT(found.st_mode) | 0o600, found.st_rdev)
    _copy_facts(source, target, found)


def _link(source: Path, target: Path) -> bool:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LINK:
            raise
        return False
    return True


def _copy_bytes(source: Path, target: Path, sync: bool) -> None:
    with source.open("rb") as reading, target.open("xb") as writing:
        os.fchmod(writing.fileno(), 0o600)
        if not _share_blocks(reading.fileno(), writing.fileno()):
            shutil.copyfileobj(reading, writing, 1 << 20)
        writing.flush()
        if sync:
            os.fsync(writing.fileno())


def _share_blocks(source: int, target: int) -> bool:
    """Have a copy share the original's blocks where the file system can do that."""
    if sys.platform != "linux":
        return False
    import fcntl

    try:
        fcntl.ioctl(target, _FICLONE, source)
    except OSError:
        return False
    return True


def _copy_facts(source: Path, target: Path, found: os.stat_result) -> None:
    set_owner(target, (found.st_uid, found.st_gid))
    if not stat.S_ISLNK(found.st_mode):
        if hasattr(os, "listxattr"):
            with contextlib.suppress(OSError):
                for name in os.listxattr(source):
                    if not name.startswith((OVERLAY_MARK, "trusted.", "security.selinux")):
                        os.setxattr(target, name, os.getxattr(source, name))
        target.chmod(stat.S_IMODE(found.st_mode))
    os.utime(target, ns=(found.st_atime_ns, found.st_mtime_ns), follow_symlinks=False)


def _set_attributes(path: Path, wanted: dict[str, str]) -> None:
    """Give an entry exactly these attributes, as `node.read_attributes` reads them."""
    if not hasattr(os, "listxattr"):
        return
    from shellper.effects.node import read_attributes

    there = dict(read_attributes(path))
    for name in there.keys() - wanted.keys():
        os.removexattr(path, name)
    for name, value in wanted.items():
        if there.get(name) != value:
            os.setxattr(path, name, bytes.fromhex(value))


def set_owner(path: Path, owner: tuple[int, int]) -> None:
    """Give an entry its owner, as far as the user may do that."""
    found = path.lstat()
    if (found.st_uid, found.st_gid) != owner:
        with contextlib.suppress(PermissionError):
            os.chown(path, *owner, follow_symlinks=False)


def set_time(path: Path, modified: int) -> None:
    """Set the time of modification, as far as the user may do that; that of the last access stays."""
    found = path.lstat()
    try:
        os.utime(path, ns=(found.st_atime_ns, modified), follow_symlinks=False)
    except PermissionError:
        if found.st_uid == os.geteuid():
            raise
