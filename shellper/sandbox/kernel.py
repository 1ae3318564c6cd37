"""The Linux system calls that build the walls, by ctypes; used in the launcher, so it imports next to nothing.

Numbers are from the kernel's include/uapi headers. Those from 424 on are the same on every architecture.
"""

from __future__ import annotations

import ctypes
import os
import struct

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x00020000, 0x04000000, 0x08000000  # linux/sched.h
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REC, MS_PRIVATE = 1, 2, 4, 8, 0x4000, 1 << 18  # linux/mount.h
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP, PR_SET_CHILD_SUBREAPER = 1, 4, 24, 36  # linux/prctl.h
PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 22, 38

_AT_FDCWD, _AT_RECURSIVE, _AT_EMPTY_PATH = -100, 0x8000, 0x1000  # linux/fcntl.h
_OPEN_TREE, _MOVE_MOUNT, _FSOPEN, _FSCONFIG, _FSMOUNT, _MOUNT_SETATTR = 428, 429, 430, 431, 432, 442
_OPEN_TREE_CLONE, _OPEN_TREE_CLOEXEC, _MOVE_MOUNT_F_EMPTY_PATH = 1, os.O_CLOEXEC, 4  # linux/mount.h
_FSOPEN_CLOEXEC, _FSMOUNT_CLOEXEC, _FSCONFIG_SET_FLAG, _FSCONFIG_SET_STRING, _FSCONFIG_CMD_CREATE = 1, 1, 0, 1, 6
_MOUNT_ATTR_RDONLY = 1
_CAPABILITY_VERSION_3 = 0x20080522  # linux/capability.h
_LAST_CAPABILITY = 63
_SECCOMP_MODE_FILTER = 2

_libc = ctypes.CDLL(None, use_errno=True)


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)
    return result


def syscall(what: str, number: int, *arguments: int | bytes | None) -> int:
    """Make a system call; raises OSError with `what` as the file's name."""
    made = [ctypes.c_long(one) if isinstance(one, int) else ctypes.c_char_p(one) for one in arguments]
    return _checked(_libc.syscall(ctypes.c_long(number), *made), what)


def prctl(option: int, value: int) -> None:
    """Call prctl(2) with one argument."""
    _checked(_libc.prctl(option, *(ctypes.c_ulong(one) for one in (value, 0, 0, 0))), f"prctl {option}")


def unshare(flags: int) -> None:
    """Leave the namespaces that the flags name for new ones."""
    _checked(_libc.unshare(ctypes.c_int(flags)), "unshare")


def mount(source: bytes, target: bytes, kind: bytes, flags: int, data: bytes = b"") -> None:
    """Call mount(2)."""
    _checked(_libc.mount(source, target, kind, ctypes.c_ulong(flags), data), f"mount {os.fsdecode(target)}")


def make_private() -> None:
    """Keep what is mounted from here on to this mount namespace."""
    mount(b"none", b"/", b"", MS_REC | MS_PRIVATE)


def clone_tree(path: bytes, recursive: bool = True) -> int:
    """Return a descriptor of a copy of what is mounted at a path, attached nowhere (open_tree(2))."""
    flags = _OPEN_TREE_CLONE | _OPEN_TREE_CLOEXEC | (_AT_RECURSIVE if recursive else 0)
    return syscall(f"open_tree {os.fsdecode(path)}", _OPEN_TREE, _AT_FDCWD, path, flags)


def attach(tree: int, path: bytes) -> None:
    """Mount a tree at a path, and close its descriptor (move_mount(2))."""
    flags = _MOVE_MOUNT_F_EMPTY_PATH
    syscall(f"move_mount {os.fsdecode(path)}", _MOVE_MOUNT, tree, b"", _AT_FDCWD, path, flags)
    os.close(tree)


def make_read_only(path: bytes, recursive: bool = True, tree: int = _AT_FDCWD) -> None:
    """Make the mount at a path, and those below it, read-only (mount_setattr(2), Linux 5.12)."""
    attributes = struct.pack("QQQQ", _MOUNT_ATTR_RDONLY, 0, 0, 0)
    flags = (_AT_RECURSIVE if recursive else 0) | (0 if path else _AT_EMPTY_PATH)
    syscall(f"mount_setattr {os.fsdecode(path)}", _MOUNT_SETATTR, tree, path, flags, attributes, len(attributes))


def new_overlay(lower: int, upper: int, work: int) -> int:
    """Return the tree of a new overlay over three directories, given by descriptors so that no name needs escapes."""
    context = syscall("fsopen overlay", _FSOPEN, b"overlay", _FSOPEN_CLOEXEC)
    try:
        for name, descriptor in ((b"lowerdir", lower), (b"upperdir", upper), (b"workdir", work)):
            value = b"/proc/self/fd/%d" % descriptor
            syscall(f"overlay {name.decode()}", _FSCONFIG, context, _FSCONFIG_SET_STRING, name, value, 0)
        # Volatile: nothing is synced to the disk when it is unmounted, which would take longer than all the rest.
        for flag in (b"userxattr", b"volatile"):
            syscall(f"overlay {flag.decode()}", _FSCONFIG, context, _FSCONFIG_SET_FLAG, flag, None, 0)
        syscall("overlay", _FSCONFIG, context, _FSCONFIG_CMD_CREATE, None, None, 0)
        return syscall("overlay mount", _FSMOUNT, context, _FSMOUNT_CLOEXEC, 0)
    finally:
        os.close(context)


def drop_capabilities() -> None:
    """Give up every capability, for good: the bounding set first, since uid 0 would get them back by an exec."""
    for number in range(_LAST_CAPABILITY + 1):
        if _libc.prctl(PR_CAPBSET_DROP, *(ctypes.c_ulong(one) for one in (number, 0, 0, 0))) < 0:
            break  # EINVAL behind the last one that this kernel knows; EPERM where there is nothing to give up
    header = struct.pack("Ii", _CAPABILITY_VERSION_3, 0)
    _checked(_libc.capset(header, bytes(24)), "capset")


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def install_filter(program: bytes) -> None:
    """Install a seccomp filter (`seccomp.build`); needs no_new_privs."""
    made = _Program(len(program) // 8, program)
    result = _libc.prctl(
        PR_SET_SECCOMP, ctypes.c_ulong(_SECCOMP_MODE_FILTER), ctypes.byref(made), ctypes.c_ulong(0), ctypes.c_ulong(0)
    )
    _checked(result, "seccomp")
