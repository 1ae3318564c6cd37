"""Landlock (landlock(7)): what a process and its children may do with files, TCP and signals; used in the launcher."""

from __future__ import annotations

import os
import stat
import struct

from shellper.sandbox.kernel import syscall

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION_FLAG, _RULE_PATH_BENEATH = 1, 1

# linux/landlock.h
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_REMOVE_AND_MAKE = sum(1 << bit for bit in range(4, 13))
_REFER, _TRUNCATE, _IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
_NET = 1 | 2  # bind and connect of TCP
_SCOPE_ABSTRACT_UNIX, _SCOPE_SIGNAL = 1, 2
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV

LIST, READ, WRITE = 1, 2, 4
"""What a rule gives below its path: listing names, reading and running files, changing everything."""


def version() -> int:
    """Return the version of Landlock's interface here; 0 where there is none."""
    try:
        return syscall("landlock", _CREATE_RULESET, None, 0, _VERSION_FLAG)
    except OSError:
        return 0


def restrict(rules: list[tuple[bytes, int]], *, reads: bool, network: bool, signals: bool) -> None:
    """Allow this process and its children what the rules give, and nothing else of the kinds that are handled.

    A rule whose path isn't there gives nothing. `reads` says whether reading is handled, too; `network` leaves TCP
    alone, and `signals` lets them out. Raises OSError where there is no Landlock; no_new_privs must be set.
    """
    abi = version()
    writing = _WRITE_FILE | _REMOVE_AND_MAKE | (_REFER if abi >= 2 else 0) | (_TRUNCATE if abi >= 3 else 0)
    if reads and abi >= 5:
        writing |= _IOCTL_DEV
    reading = _EXECUTE | _READ_FILE | _READ_DIR
    handled = writing | (reading if reads else 0)
    scoped = (_SCOPE_ABSTRACT_UNIX | (0 if signals else _SCOPE_SIGNAL)) if abi >= 6 else 0
    attributes = struct.pack("QQQ", handled, 0 if network or abi < 4 else _NET, scoped)
    size = 24 if abi >= 6 else 16 if abi >= 4 else 8
    ruleset = syscall("landlock", _CREATE_RULESET, attributes[:size], size, 0)
    gives = {LIST: _READ_DIR, READ: reading, WRITE: writing | reading}
    for path, rule in rules:
        _add_rule(ruleset, path, handled & gives[rule])
    syscall("landlock", _RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)


def _add_rule(ruleset: int, path: bytes, access: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
        access &= _OF_FILES
    if access:
        rule = struct.pack("=Qi", access, descriptor)
        syscall(f"landlock {os.fsdecode(path)}", _ADD_RULE, ruleset, _RULE_PATH_BENEATH, rule, 0)
    os.close(descriptor)
