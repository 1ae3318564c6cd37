"""Running a command in an overlay: it sees the root as it is, and what it changes lands in a folder beside."""

import contextlib
import errno
import os
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from shellper.sandbox.confine import Backend, confine
from shellper.sandbox.policy import Policy, SandboxError, SandboxLevel, WallsError
from shellper.sandbox.run import RunResult, chosen, run_behind
from shellper.sandbox.view import Overlay, see

_OVERFLOW = os.strerror(errno.EOVERFLOW)
_OCTAL = re.compile(r"\\([0-7]{3})")
_FOREIGN_SHOWN, _FOREIGN_SECONDS = 5, 0.05  # how many are named, how long is searched


class OverlayImpossible(SandboxError):  # noqa: N818 (an answer more than an error)
    """There can be no overlay here; the message is one line that says why. The real root was not touched."""


@dataclass(frozen=True)
class OverlayRun:
    """What came of one run in an overlay; the real root was not touched."""

    result: RunResult
    """Exit code and output, as of a plain run."""
    root: Path
    """The folder that the overlay stood in for, as a real path."""
    upper: Path
    """What the command changed below the root, in overlayfs' form; its own mode, owner and times are the root's.

    A path that was created or changed stands here under its own name, whole (a copy, even where only its mode or times
    changed); a directory on the way to it, too. A path that was removed is a character device 0:0 (whiteout), or where
    the filesystem has no such devices an empty file with the attribute `user.overlay.whiteout`. A directory with the
    attribute `user.overlay.opaque` = `y` hides all that the root has below it. Strip `user.overlay.*` before moving
    anything out. (Documentation/filesystems/overlayfs.rst)
    """
    same_filesystem: bool
    """Whether what lies in `upper` can be renamed into the root; else it has to be copied."""
    foreign: tuple[Path, ...] = ()
    """Some paths below the root that belong to other owners: in an overlay an ordinary user can't change them.

    A command that tried, and kept quiet about the failure, has changed less than it would in truth.
    """


def run_in_overlay(
    command: str,
    policy: Policy,
    store: Path,
    on_output: Callable[[str, str], None] | None = None,
    cancelled: threading.Event | None = None,
) -> OverlayRun:
    """Run a command with the policy's root replaced by an overlay of it; all else is as in `run` at level `full`.

    `store` is a folder for this run alone (made where it is missing, else empty) on a filesystem that can hold an upper
    layer (ext4, xfs, btrfs, tmpfs), best the root's own, and not below the root unless a masked path holds it. It is
    the caller's to remove; only `store/upper` is left in it. Other writable paths of the policy are read-only here.
    Raises `OverlayImpossible` where the kernel or the folders don't allow it or a file of another owner came in the
    way, and SandboxError where the command can't be started.
    """
    policy = replace(policy, writable=())
    level, backend = chosen(policy)
    if level is not SandboxLevel.FULL or backend is not Backend.OWN:
        raise OverlayImpossible("no preview: an overlay needs user namespaces, which this system doesn't give")
    root = _checked_root(policy, store)
    overlay = Overlay((store / "upper").absolute(), (store / "work").absolute())
    try:
        _make_layers(root, overlay)
        result = run_behind(command, policy, confine(policy, level, backend, overlay), on_output, cancelled)
    except WallsError as error:
        raise OverlayImpossible(f"no preview: no overlay of {root} can be made with {store} ({error})") from error
    finally:
        _remove_work(overlay.work)
    foreign = () if os.geteuid() == 0 else tuple(_foreign(root))
    if _OVERFLOW in result.combined.text:
        named = foreign[0] if foreign else f"a file below {root}"
        raise OverlayImpossible(f"no preview: {named} belongs to another owner, and the command changes such a file")
    return OverlayRun(result, root, overlay.upper, root.stat().st_dev == overlay.upper.stat().st_dev, foreign)


def _checked_root(policy: Policy, store: Path) -> Path:
    """Return the root if an overlay of it is possible as far as can be seen from here."""
    view = see(policy)
    root = view.root
    if root is None:
        raise OverlayImpossible(f"no preview: nothing can be written in {view.folder}")
    found = root.stat()
    if os.geteuid() not in (0, found.st_uid):
        raise OverlayImpossible(f"no preview: {root} belongs to another owner")
    below = next(_mounts_below(root), None)
    if below is not None:
        raise OverlayImpossible(f"no preview: another file system is mounted at {below}, below {root}")
    real = store.resolve()
    if real.is_relative_to(root) and not any(real.is_relative_to(path) for path in view.masked):
        raise OverlayImpossible(f"no preview: {store}, where the changes would go, lies in {root} itself")
    return root


def _mounts_below(root: Path) -> Iterator[Path]:
    """Yield the mount points below a folder (proc_pid_mountinfo(5): the fifth field, blanks as octal escapes)."""
    with Path("/proc/self/mountinfo").open("rb") as lines:
        for line in lines:
            name = line.split()[4].decode(errors="surrogateescape")
            point = Path(_OCTAL.sub(lambda found: chr(int(found[1], 8)), name))
            if root in point.parents:
                yield point


def _make_layers(root: Path, overlay: Overlay) -> None:
    """Make the two folders; the upper one gives the overlay's root its mode, owner and times."""
    try:
        for folder in (overlay.upper, overlay.work):
            folder.mkdir(parents=True, mode=0o700)
        found = root.stat()
        if os.geteuid() == 0:
            os.chown(overlay.upper, found.st_uid, found.st_gid)
        shutil.copystat(root, overlay.upper)
    except OSError as error:
        raise OverlayImpossible(
            f"no preview: {overlay.upper.parent} can't hold the changes ({error.strerror})"
        ) from error


def _remove_work(work: Path) -> None:
    """Remove overlayfs' own folder, which it leaves without any permissions."""
    with contextlib.suppress(OSError):
        (work / "work").chmod(0o700)
    shutil.rmtree(work, ignore_errors=True)


def _foreign(root: Path) -> Iterator[Path]:
    """Yield the first paths of other owners that are found in a short time."""
    until, folders, found = time.monotonic() + _FOREIGN_SECONDS, [root], 0
    own, groups = os.geteuid(), os.getegid()
    while folders and time.monotonic() < until:
        with contextlib.suppress(OSError), os.scandir(folders.pop()) as entries:
            for entry in entries:
                status = entry.stat(follow_symlinks=False)
                if (status.st_uid, status.st_gid) != (own, groups):
                    yield Path(entry.path)
                    found += 1
                    if found == _FOREIGN_SHOWN:
                        return
                elif entry.is_dir(follow_symlinks=False):
                    folders.append(Path(entry.path))
