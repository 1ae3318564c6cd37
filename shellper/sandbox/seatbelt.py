"""A view as a profile of macOS' sandbox-exec(1).

Untested: written from the documents of Apple's sandbox profile language and from the profiles that Chromium and Codex
publish. Whether it holds is for the self-test to say on each machine; where that fails, the level is `none`.
"""

from collections.abc import Iterator
from pathlib import Path

from shellper.sandbox.view import View

PROGRAM = Path("/usr/bin/sandbox-exec")


def arguments(view: View, temporary: Path) -> Iterator[str]:
    """Yield the program and its arguments, up to the command that follows them."""
    yield from (str(PROGRAM), "-p", profile(view, temporary))


def profile(view: View, temporary: Path) -> str:
    """Return the profile: a later rule wins over an earlier one.

    Paths must be real ones (/private/tmp, not /tmp). UNIX sockets count as `network-outbound`, so they are closed with
    the network; with the network allowed only remote addresses are open.
    """
    return "\n".join(_rules(view, temporary)) + "\n"


def _rules(view: View, temporary: Path) -> Iterator[str]:
    yield "(version 1)"
    yield "(deny default)"
    yield "(allow process-exec process-fork)"
    yield "(allow file-read* sysctl-read)"
    yield '(allow mach-lookup (global-name "com.apple.system.opendirectoryd.libinfo"))'
    yield "(allow ipc-posix-sem)"
    if view.host_processes:
        yield "(allow signal process-info*)"
    else:
        yield "(allow signal process-info* (target same-sandbox))"
    yield '(allow file-write* (literal "/dev/null") (literal "/dev/zero") (literal "/dev/tty"))'
    for path in (*view.writable, temporary):
        yield f"(allow file-write* (subpath {_quoted(path)}))"
    for path in (*view.read_only, *view.git):
        yield f"(deny file-write* (subpath {_quoted(path)}))"
    for path in view.pinned:
        yield f"(deny file-write-unlink (literal {_quoted(path)}))"
    for path in view.masked:
        yield f"(deny file-read* file-write* (subpath {_quoted(path)}))"
    if view.network:
        yield "(allow network-outbound (remote ip))"
        yield '(allow network-outbound (literal "/private/var/run/mDNSResponder"))'
        yield "(allow system-socket)"


def _quoted(path: Path) -> str:
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
