"""The wall of namespaces: another view of the file system, its own processes, no network; used in the launcher."""

# pathlib is too dear an import here.
# ruff: noqa: PTH102, PTH103, PTH208, PTH211

from __future__ import annotations

import os
import stat

from shellper.sandbox import kernel

TYPE_CHECKING = False  # known to type checkers; importing typing would cost every command 4 ms
if TYPE_CHECKING:
    from typing import Any

_DEVICES = (b"null", b"zero", b"full", b"random", b"urandom", b"tty")
_DEVICE_LINKS = ((b"fd", b"/proc/self/fd"), (b"stdin", b"fd/0"), (b"stdout", b"fd/1"), (b"stderr", b"fd/2"))
_STAGE_FOLDER, _STAGE_FILE = b"/dev/folder", b"/dev/file"
_TMPFS_FLAGS = kernel.MS_NOSUID | kernel.MS_NODEV
_MS_BIND = 4096
_EVERY_ID = 4294967295


def enter(flags: int, all_ids: bool) -> None:
    """Move this process into new namespaces, as the user it is.

    `all_ids` is for root, who may see every file's owner under its own name; an ordinary user may map no id but the
    own ones (user_namespaces(7)), so others' files look like nobody's.
    """
    uid, gid = os.geteuid(), os.getegid()
    if all_ids:
        ready, tell = os.pipe()
        me = os.getpid()
        # Only a process outside can map ids that aren't its own.
        helper = os.fork()
        if helper == 0:
            os.close(tell)
            os.read(ready, 1)
            os._exit(_map_all(me))
        os.close(ready)
        kernel.unshare(flags)
        os.close(tell)
        if os.waitpid(helper, 0)[1] == 0:
            return
    else:
        kernel.unshare(flags)
    _write(b"/proc/self/setgroups", b"deny")
    _write(b"/proc/self/uid_map", b"%d %d 1" % (uid, uid))
    _write(b"/proc/self/gid_map", b"%d %d 1" % (gid, gid))


def _map_all(pid: int) -> int:
    """Give a process every id that exists here; returns an exit code."""
    try:
        for kind in (b"uid_map", b"gid_map"):
            lines = [line.split() for line in _read(b"/proc/self/" + kind).splitlines()]
            _write(b"/proc/%d/" % pid + kind, b"".join(b"%s %s %s\n" % (own, own, count) for own, _, count in lines))
    except OSError:
        return 1
    return 0


def _read(path: bytes) -> bytes:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return os.read(descriptor, 65536)
    finally:
        os.close(descriptor)


def _write(path: bytes, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY)
    try:
        os.write(descriptor, data)
    finally:
        os.close(descriptor)


def build(mounts: dict[str, Any]) -> set[bytes] | None:
    """Build the command's view of the file system (`plan.View.mounts` says what stands in it).

    Returns the names that lie in the private temporary folder from the start. Raises OSError.
    """
    kernel.make_private()
    overlay = _overlay(*mounts["overlay"]) if mounts["overlay"] else None
    writable = [(path, kernel.clone_tree(path)) for path in mounts["writable"]]
    devices = [(name, kernel.clone_tree(b"/dev/" + name, False)) for name in _DEVICES if _exists(b"/dev/" + name)]
    kernel.make_read_only(b"/")
    kept = [(path, kernel.clone_tree(path)) for path in mounts["kept"]]
    if mounts["proc"]:
        kernel.mount(b"proc", b"/proc", b"proc", _TMPFS_FLAGS | kernel.MS_NOEXEC | kernel.MS_RDONLY)
    _make_stage()
    for path, options in mounts["private"]:
        kernel.mount(b"tmpfs", path, b"tmpfs", _TMPFS_FLAGS, options)
    for path, data in mounts["copies"]:
        _copy(path, data)
    for path, target in mounts["links"]:
        if not _exists(path):
            os.makedirs(path.rpartition(b"/")[0], exist_ok=True)
            os.symlink(target, path)
    for path, tree in sorted(kept + writable):
        _make_mount_point(path, tree)
        kernel.attach(tree, path)
    if overlay is not None:
        _make_mount_point(mounts["overlay"][0], overlay)
        kernel.attach(overlay, mounts["overlay"][0])
    for path in mounts["masked"]:
        _mask(path, mounts["shown"].get(path))
    for path in mounts["pinned"]:
        if _exists(path):
            kernel.attach(kernel.clone_tree(path), path)
    for path in mounts["read_only"]:
        if _exists(path):
            tree = kernel.clone_tree(path)
            kernel.make_read_only(b"", tree=tree)
            kernel.attach(tree, path)
    for path in mounts["sealed"]:
        kernel.make_read_only(path, recursive=False)
    _make_devices(devices)
    return set(os.listdir(mounts["tmp"])) if mounts["tmp"] else None


def _exists(path: bytes) -> bool:
    try:
        os.lstat(path)
    except OSError:
        return False
    return True


def _overlay(root: bytes, upper: bytes, work: bytes) -> int:
    descriptors = [os.open(path, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC) for path in (root, upper, work)]
    try:
        return kernel.new_overlay(*descriptors)
    finally:
        for descriptor in descriptors:
            os.close(descriptor)


def _make_stage() -> None:
    """Make what is mounted over masked paths: a folder and a file that can't be opened, on a read-only mount."""
    kernel.mount(b"tmpfs", b"/dev", b"tmpfs", _TMPFS_FLAGS, b"mode=0755,size=64k")
    os.mkdir(_STAGE_FOLDER, 0)
    os.close(os.open(_STAGE_FILE, os.O_CREAT | os.O_WRONLY, 0))
    kernel.make_read_only(b"/dev", recursive=False)


def _make_mount_point(path: bytes, tree: int) -> None:
    """Make the way to a mount point in a private folder; elsewhere it is there already."""
    if _exists(path):
        return
    if stat.S_ISDIR(os.fstat(tree).st_mode):
        os.makedirs(path)
    else:
        os.makedirs(path.rpartition(b"/")[0], exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))


def _copy(path: bytes, data: bytes) -> None:
    os.makedirs(path.rpartition(b"/")[0], exist_ok=True)
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY, 0o644)
    os.write(descriptor, data)
    os.close(descriptor)


def _mask(path: bytes, shown: list[tuple[bytes, bytes]] | None) -> None:
    """Hide a file or a folder; some files of a folder may stay to be seen, as copies."""
    try:
        is_folder = stat.S_ISDIR(os.lstat(path).st_mode)
    except OSError:  # gone, or in a folder that is private now
        return
    if shown is None:
        kernel.mount(_STAGE_FOLDER if is_folder else _STAGE_FILE, path, b"", _MS_BIND)
        return
    kernel.mount(b"tmpfs", path, b"tmpfs", _TMPFS_FLAGS, b"mode=0755,size=1m")
    for name, data in shown:
        _copy(path + b"/" + name, data)
    kernel.make_read_only(path, recursive=False)


def _make_devices(devices: list[tuple[bytes, int]]) -> None:
    """Mount a /dev with the devices that hold nothing, and pseudo-terminals of its own."""
    kernel.mount(b"tmpfs", b"/dev", b"tmpfs", _TMPFS_FLAGS, b"mode=0755,size=64k")
    for name, tree in devices:
        _make_mount_point(b"/dev/" + name, tree)
        kernel.attach(tree, b"/dev/" + name)
    for name, target in _DEVICE_LINKS:
        os.symlink(target, b"/dev/" + name)
    os.mkdir(b"/dev/shm")
    kernel.mount(b"tmpfs", b"/dev/shm", b"tmpfs", _TMPFS_FLAGS, b"mode=1777,size=25%")
    os.mkdir(b"/dev/pts")
    options = b"newinstance,ptmxmode=0666,mode=620"
    kernel.mount(b"devpts", b"/dev/pts", b"devpts", kernel.MS_NOSUID | kernel.MS_NOEXEC, options)
    os.symlink(b"pts/ptmx", b"/dev/ptmx")
    kernel.make_read_only(b"/dev", recursive=False)
