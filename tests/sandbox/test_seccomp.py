"""The system call filter, read by an interpreter of its own, so that it is tested for processors that aren't here."""

import errno
import struct

import pytest

from shellper.sandbox import seccomp

ALLOW = 0
X86, ARM = 0xC000003E, 0xC00000B7
AF_UNIX, AF_INET, AF_INET6, AF_NETLINK, AF_PACKET, AF_VSOCK = 1, 2, 10, 16, 17, 40
SOCKET = {X86: 41, ARM: 198}
IOCTL = {X86: 16, ARM: 29}
CLONE = {X86: 56, ARM: 220}
UNSHARE = {X86: 272, ARM: 97}
MACHINES = [("x86_64", X86), ("aarch64", ARM)]


def answer(program: bytes, architecture: int, number: int, *arguments: int) -> int:
    """Run a filter on a system call; gives the error number, 0 for what is allowed."""
    data = struct.pack("=IIQ6Q", number & 0xFFFFFFFF, architecture, 0, *(*arguments, 0, 0, 0, 0, 0, 0)[:6])
    code = [struct.unpack_from("=HBBI", program, place) for place in range(0, len(program), 8)]
    at, value = 0, 0
    while True:
        operation, on_true, on_false, operand = code[at]
        at += 1
        if operation == 0x20:
            (value,) = struct.unpack_from("=I", data, operand)
        elif operation == 0x06:
            assert operand == 0x7FFF0000 or operand >> 16 == 0x0005
            return 0 if operand == 0x7FFF0000 else operand & 0xFFFF
        else:
            holds = {0x15: value == operand, 0x35: value >= operand, 0x45: bool(value & operand)}[operation]
            at += on_true if holds else on_false


@pytest.mark.parametrize(("machine", "audit"), MACHINES)
def test_sockets(machine: str, audit: int) -> None:
    closed, opened = seccomp.build(network=False, machine=machine), seccomp.build(network=True, machine=machine)
    for family in (AF_INET, AF_INET6):
        assert answer(closed, audit, SOCKET[audit], family) == errno.ENETUNREACH
        assert answer(opened, audit, SOCKET[audit], family) == ALLOW
    assert answer(closed, audit, SOCKET[audit], AF_NETLINK) == errno.EACCES
    assert answer(opened, audit, SOCKET[audit], AF_NETLINK) == ALLOW
    for family in (AF_UNIX, AF_PACKET, AF_VSOCK):
        assert answer(closed, audit, SOCKET[audit], family) == errno.EACCES
        assert answer(opened, audit, SOCKET[audit], family) == errno.EACCES


@pytest.mark.parametrize(("machine", "audit"), MACHINES)
def test_high_halves_of_arguments_change_nothing(machine: str, audit: int) -> None:
    program = seccomp.build(network=False, machine=machine)
    assert answer(program, audit, SOCKET[audit], AF_UNIX | 1 << 32) == errno.EACCES
    assert answer(program, audit, IOCTL[audit], 0, 0x5412 | 1 << 40) == errno.EPERM


@pytest.mark.parametrize(("machine", "audit"), MACHINES)
def test_terminals_and_namespaces(machine: str, audit: int) -> None:
    program = seccomp.build(network=True, machine=machine)
    for request, wanted in ((0x5412, errno.EPERM), (0x541C, errno.EPERM), (0x5401, ALLOW), (0x5413, ALLOW)):
        assert answer(program, audit, IOCTL[audit], 1, request) == wanted
    for number in (CLONE[audit], UNSHARE[audit]):
        assert answer(program, audit, number, 0x10000000 | 0x11) == errno.EPERM
        assert answer(program, audit, number, 0x11) == ALLOW
    assert answer(program, audit, 435) == errno.ENOSYS  # clone3
    for number in (425, 426, 427):  # io_uring
        assert answer(program, audit, number) == errno.ENOSYS
    for number in (428, 429, 430, 442):  # open_tree, move_mount, fsopen, mount_setattr
        assert answer(program, audit, number) == errno.EPERM


@pytest.mark.parametrize(("machine", "audit", "numbers"), [
    ("x86_64", X86, {"read": 0, "openat": 257, "execve": 59, "socketpair": 53, "kill": 62, "ptrace": 101}),
    ("aarch64", ARM, {"read": 63, "openat": 56, "execve": 221, "socketpair": 199, "kill": 129, "ptrace": 117}),
])  # fmt: skip
def test_what_programs_need_is_allowed(machine: str, audit: int, numbers: dict[str, int]) -> None:
    program = seccomp.build(network=False, machine=machine)
    assert {name for name, number in numbers.items() if answer(program, audit, number) != ALLOW} == set()


def test_other_architectures_are_refused() -> None:
    program = seccomp.build(network=True, machine="x86_64")
    assert answer(program, 0x40000003, 3) == errno.ENOSYS  # i386
    assert answer(program, X86, 0x40000000) == errno.ENOSYS  # x32
    assert answer(seccomp.build(network=True, machine="aarch64"), 0x40000028, 3) == errno.ENOSYS  # 32-bit Arm
