"""Which wall a command ran into, and how to widen it: one line for a person, from what the command has said."""

import errno
import gettext
import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from shellper.sandbox.policy import Policy, SandboxError, SandboxLevel
from shellper.sandbox.run import RunResult
from shellper.sandbox.view import View, see

OUTSIDE = "run it outside the sandbox (--no-sandbox, or o at the question)"
_NETWORK = "allow it the network (--network)"
_NO_NAME = (
    "Could not resolve",
    "Temporary failure in name resolution",
    "Temporary failure resolving",
    "Name or service not known",
    "nodename nor servname",
    "unable to resolve host address",
    "getaddrinfo EAI_AGAIN",
)
_PATH = re.compile(r"[‘'\"`«„“]([^’'\"`»”“]+)[’'\"`»”“]")


def explain_refusal(result: RunResult, policy: Policy, command: str = "") -> str:
    """Return a line that names the wall a failed command ran into and how to widen it; empty where it was none.

    Also for a command that succeeded, where what it wrote to /tmp is gone with its private folder, or where it changed
    what git runs later and this level could not keep it from that.
    """
    if result.planted:
        names = ", ".join(str(path) for path in result.planted[:3])
        return f"the command changed {names}, which your next git command may run: look at it first"
    if result.level is SandboxLevel.NONE:
        return ""
    if result.left_files and "/tmp" in command:
        files = f"{result.left_files} file{'s'[: result.left_files != 1]}"
        return f"the sandbox has a private /tmp, gone with the {files} left in it: write elsewhere, or {OUTSIDE}"
    if result.exit_code == 0:
        return ""
    try:
        view = see(policy)
    except SandboxError:
        return ""
    lines = [*result.stderr.text.splitlines(), *result.stdout.text.splitlines()[-5:]]
    for line in lines:
        found = _explain(line, view, result.level)
        if found:
            return found
    return ""


def _explain(line: str, view: View, level: SandboxLevel) -> str:
    """Return what one line of output is about."""
    if not view.network and (_says(line, errno.ENETUNREACH) or any(text in line for text in _NO_NAME)):
        return f"the sandbox has no network: {_NETWORK}"
    if "no new privileges" in line:
        return f"the sandbox lets no command take on another user's rights: {OUTSIDE}"
    if _says(line, errno.ESRCH) and level is SandboxLevel.FULL and not view.host_processes:
        return f"the sandbox hides the machine's other processes: {OUTSIDE}"
    if _says(line, errno.EROFS):
        return _closed(next(_named(line, view), None), view)
    if _says(line, errno.EBUSY):
        for path in _named(line, view):
            if path in (*view.pinned, *view.git, *view.read_only):
                return f"the sandbox keeps {path} in its place: {OUTSIDE}"
    if _says(line, errno.ENOENT) and view.has_private_temporary and level is SandboxLevel.FULL:
        for path in _named(line, view):
            if path.is_relative_to(view.temporary) and path.exists():
                return f"the sandbox has a private {view.temporary} and hides {path}: go there, or {OUTSIDE}"
    if _says(line, errno.EACCES):
        for path in _named(line, view):
            if any(path.is_relative_to(masked) for masked in view.masked):
                return f"the sandbox hides {path}, which can hold secrets: {OUTSIDE}"
            if level is SandboxLevel.LIMITED and _would_be_allowed(path):
                return _closed(path, view)
        if "socket" in line.lower():
            return f"the sandbox lets no command connect to other programs by sockets: {OUTSIDE}"
    return ""


def _closed(path: Path | None, view: View) -> str:
    """Say that a path can't be written; None where the output names none."""
    what = "this" if path is None else str(path)
    if path is not None and any(path.is_relative_to(one) for one in (*view.git, *view.read_only)):
        return f"the sandbox keeps {what} from changes, since it can run programs later: {OUTSIDE}"
    if view.root is None:
        return f"the sandbox keeps {view.folder} read-only: go to a folder of yours, or {OUTSIDE}"
    return f"the sandbox keeps {what} read-only, only {view.root} can be written: go there, or {OUTSIDE}"


def _would_be_allowed(path: Path) -> bool:
    """Say whether we ourselves could use a path, so that it was the sandbox that refused."""
    try:
        return os.access(path, os.W_OK) if path.exists() else os.access(path.parent, os.W_OK)
    except OSError:
        return False


def _named(line: str, view: View) -> Iterator[Path]:
    """Yield the paths that an error message may be about: what is quoted, and what stands before a colon."""
    words = [found[1] for found in _PATH.finditer(line)]
    words += [part.strip() for part in line.split(": ")[1:-1]]
    words += [word.rstrip(":,.") for word in line.split() if "/" in word or word.startswith("~")]
    for word in words:
        if word and "\0" not in word and not word.startswith("line "):
            path = view.folder / word
            try:
                yield path.parent.resolve() / path.name
            except (OSError, RuntimeError):
                continue


def _says(line: str, number: int) -> bool:
    """Say whether a line holds the system's message of an error, in English or in the user's language."""
    return any(text in line for text in _messages(number))


@cache
def _messages(number: int) -> tuple[str, ...]:
    english = os.strerror(number)
    words = gettext.translation("libc", "/usr/share/locale", fallback=True)
    return tuple({english, words.gettext(english)})
