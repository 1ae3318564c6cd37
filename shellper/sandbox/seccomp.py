"""The system call filter of a command, as classic BPF for x86_64 and aarch64 (seccomp(2), linux/filter.h)."""

import errno
import platform
import struct
from dataclasses import dataclass

_LOAD, _EQUAL, _GREATER_EQUAL, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
# Offsets in struct seccomp_data; each argument has 8 bytes, its low half first.
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16
_X32_BIT = 0x40000000

_CLONE_NEWUSER = 0x10000000
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C
_AF_UNIX, _AF_INET, _AF_INET6, _AF_NETLINK = 1, 2, 10, 16

_NEW_EVERYWHERE = {
    # io_uring opens sockets that no filter sees; clone3's flags lie in memory, where a filter can't look: libc then
    # takes clone.
    "io_uring_setup": (425, errno.ENOSYS),
    "io_uring_enter": (426, errno.ENOSYS),
    "io_uring_register": (427, errno.ENOSYS),
    "clone3": (435, errno.ENOSYS),
    "open_tree": (428, errno.EPERM),
    "move_mount": (429, errno.EPERM),
    "fsopen": (430, errno.EPERM),
    "fsconfig": (431, errno.EPERM),
    "fsmount": (432, errno.EPERM),
    "fspick": (433, errno.EPERM),
    "mount_setattr": (442, errno.EPERM),
    "open_tree_attr": (467, errno.EPERM),
}
_REFUSED = ("mount", "umount2", "pivot_root", "setns", "bpf", "perf_event_open", "add_key", "request_key", "keyctl")


@dataclass(frozen=True)
class _Architecture:
    """What the filter needs to know of a processor: its audit name and its system call numbers."""

    audit: int
    socket: int
    ioctl: int
    clone: int
    unshare: int
    refused: tuple[int, ...]
    """The numbers of `_REFUSED`."""
    has_x32: bool = False


_ARCHITECTURES = {
    "x86_64": _Architecture(0xC000003E, 41, 16, 56, 272, (165, 166, 155, 308, 321, 298, 248, 249, 250), has_x32=True),
    "aarch64": _Architecture(0xC00000B7, 198, 29, 220, 97, (40, 39, 41, 268, 280, 241, 217, 218, 219)),
}
_ARCHITECTURES["arm64"] = _ARCHITECTURES["aarch64"]


class _Program:
    """A filter while it is written; a jump is over so many instructions, so each check ends with its own return."""

    def __init__(self) -> None:
        self._code = bytearray()

    def load(self, offset: int) -> None:
        self._add(_LOAD, value=offset)

    def give(self, result: int) -> None:
        self._add(_RETURN, value=result)

    def give_if(self, test: int, value: int, result: int) -> None:
        self._add(test, 0, 1, value)
        self.give(result)

    def give_unless_equal(self, value: int, result: int) -> None:
        self._add(_EQUAL, 1, 0, value)
        self.give(result)

    def skip_unless_equal(self, value: int, instructions: int) -> None:
        self._add(_EQUAL, 0, instructions, value)

    def _add(self, code: int, on_true: int = 0, on_false: int = 0, value: int = 0) -> None:
        self._code += struct.pack("HBBI", code, on_true, on_false, value)

    def __bytes__(self) -> bytes:
        return bytes(self._code)


def is_supported() -> bool:
    """Say whether there is a filter for this processor."""
    return platform.machine() in _ARCHITECTURES


def build(*, network: bool, machine: str = "") -> bytes:
    """Return the filter as an array of struct sock_filter.

    Refused are: sockets (of the network unless it is allowed; UNIX sockets always, since a daemon behind one can do
    anything; socketpair stays), keystrokes put into a terminal, new user namespaces, mounts, the kernel's keyrings,
    io_uring, and the system calls of another architecture. Raises KeyError for a processor that isn't known.
    """
    known = _ARCHITECTURES[machine or platform.machine()]
    program = _Program()
    program.load(_ARCHITECTURE)
    program.give_unless_equal(known.audit, _ERRNO | errno.ENOSYS)
    program.load(_NUMBER)
    if known.has_x32:
        program.give_if(_GREATER_EQUAL, _X32_BIT, _ERRNO | errno.ENOSYS)
    for number, refusal in _NEW_EVERYWHERE.values():
        program.give_if(_EQUAL, number, _ERRNO | refusal)
    for number in known.refused:
        program.give_if(_EQUAL, number, _ERRNO | errno.EPERM)
    _check_argument(program, known.clone, 0, [(_ANY_BIT, _CLONE_NEWUSER, errno.EPERM)])
    _check_argument(program, known.unshare, 0, [(_ANY_BIT, _CLONE_NEWUSER, errno.EPERM)])
    _check_argument(program, known.ioctl, 1, [(_EQUAL, _TIOCSTI, errno.EPERM), (_EQUAL, _TIOCLINUX, errno.EPERM)])
    _check_sockets(program, known.socket, network)
    program.give(_ALLOW)
    return bytes(program)


def _check_argument(program: _Program, number: int, argument: int, refusals: list[tuple[int, int, int]]) -> None:
    """Refuse a system call by the low half of one argument; falls through for other calls."""
    program.skip_unless_equal(number, 2 + 2 * len(refusals))
    program.load(_ARGUMENTS + 8 * argument)
    for test, value, refusal in refusals:
        program.give_if(test, value, _ERRNO | refusal)
    program.give(_ALLOW)


def _check_sockets(program: _Program, number: int, network: bool) -> None:
    """Allow the sockets of the network, or none; "Network is unreachable" is what a person understands."""
    families = (_AF_INET, _AF_INET6, _AF_NETLINK)
    program.skip_unless_equal(number, 2 + 2 * len(families))
    program.load(_ARGUMENTS)
    for family in families:
        refusal = errno.EACCES if family == _AF_NETLINK else errno.ENETUNREACH
        program.give_if(_EQUAL, family, _ALLOW if network else _ERRNO | refusal)
    program.give(_ERRNO | errno.EACCES)
