"""Trying a command out: one run in an overlay, its change set, and applying that very run."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from shellper.effects.disk import remove_tree
from shellper.effects.errors import EffectsError
from shellper.effects.journal import Record, What
from shellper.effects.ledger import Ledger, translated
from shellper.effects.undo import apply
from shellper.effects.upper import Unreadable, Upper, changed_since, ordered, read_upper
from shellper.sandbox import OverlayImpossible, Policy, RunResult, SandboxError, Stopping, run_in_overlay

LONGEST_SECONDS = 10.0
MOST_BYTES = 1000**3
"""A run that takes or writes more is not waited for."""

_TOO_MUCH = "no preview: it writes more than 1 GB"
_LOOK_SECONDS = 0.1
_LEAST_SPACE = 64 << 10  # bytes


class NotTried(Exception):  # noqa: N818 (an answer more than an error)
    """A command can't be tried out; the message says why."""


@dataclass
class Trial:
    """A run in an overlay that is not applied yet; `store` holds what it wrote until then."""

    command: str
    store: Path
    result: RunResult
    upper: Upper
    moment: int
    foreign: tuple[Path, ...] = ()
    """Some files of other owners, which could not be changed."""
    output: list[tuple[str, str]] = field(default_factory=list)

    def drop(self) -> None:
        """Forget it."""
        remove_tree(self.store)

    def is_stale(self) -> bool:
        """Say whether others have changed what it would change. Raises OSError."""
        return bool(changed_since(self.upper, self.moment))


_COUNT = iter(range(1, 1 << 62))


def try_out(ledger: Ledger, command: str, policy: Policy, cancelled: threading.Event | None = None) -> Trial:
    """Run a command in an overlay of its root; setting `cancelled` kills it, since nothing of it is to stay.

    Raises `NotTried`, also where it was cancelled, and `EffectsError` where the store can't be used.
    """
    ledger.prepare()
    store = ledger.runs / f"run-{next(_COUNT)}-{os.getpid()}"
    output: list[tuple[str, str]] = []
    with translated(ledger.folder):
        store.mkdir(mode=0o700)
        moment = store.stat().st_ctime_ns
    seconds = LONGEST_SECONDS if policy.time_limit is None else min(LONGEST_SECONDS, policy.time_limit)
    policy = replace(policy, time_limit=seconds)
    try:
        with _Watch(store, cancelled) as watch:
            run = run_in_overlay(command, policy, store, _limited(output), watch.stop)
        watch.check()
        _check(run.result, run.upper, seconds)
        upper = ordered(read_upper(run.upper, run.root))
    except (OverlayImpossible, Unreadable) as error:
        remove_tree(store)
        raise NotTried(str(error)) from error
    except SandboxError as error:
        remove_tree(store)
        raise NotTried(f"no preview: {error}") from error
    except OSError as error:
        remove_tree(store)
        raise NotTried(f"no preview: what it changes can't be read ({error.strerror})") from error
    except BaseException:
        remove_tree(store)
        raise
    return Trial(command, store, run.result, upper, moment, run.foreign, output)


class _Watch:
    """Looks at a store's disk while a command runs, and stops one that fills it.

    Raises `NotTried` by `check` where it did.
    """

    def __init__(self, store: Path, cancelled: threading.Event | None) -> None:
        self._store, self._cancelled = store, cancelled
        self._free = self._left()
        self._over = threading.Event()
        self.stop = Stopping()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def _left(self) -> int:
        found = os.statvfs(self._store)
        return found.f_bavail * found.f_frsize

    def _look(self) -> None:
        while not self.stop.wait(_LOOK_SECONDS):
            if self._cancelled is not None and self._cancelled.is_set():
                self.stop.kill()
            elif self._free - self._left() > MOST_BYTES and _is_large(self._store):
                self._over.set()
                self.stop.set()

    def __enter__(self) -> _Watch:
        self._thread.start()
        return self

    def __exit__(self, *details: object) -> None:
        self.stop.set()
        self._thread.join()

    def check(self) -> None:
        """Raise `NotTried` where the disk is full or too much was written."""
        if self._over.is_set():
            raise NotTried(_TOO_MUCH)
        if self._left() < _LEAST_SPACE:
            raise NotTried(f"no preview: the disk of {self._store.parent} is full")


def _is_large(folder: Path) -> bool:
    """Say whether more is in a folder than is waited for."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):  # it may be gone again
                total += Path(place, name).lstat().st_size
            if total > MOST_BYTES:
                return True
    return False


def _limited(output: list[tuple[str, str]], most: int = 4 << 20) -> Callable[[str, str], None]:
    """Return what keeps output, as it comes, up to a size."""
    left = most

    def take(stream: str, text: str) -> None:
        nonlocal left
        if left > 0:
            output.append((stream, text[:left]))
            left -= len(text)

    return take


def _check(result: RunResult, upper: Path, seconds: float) -> None:
    if result.timed_out:
        raise NotTried(f"no preview: it takes more than {seconds:.0f} s")
    if result.cancelled:
        raise NotTried("not previewed: you stopped it")
    if result.left:
        raise NotTried(f"no preview: {result.left[0].name} goes on in the background, which a preview can't keep")
    if _is_large(upper):
        raise NotTried(_TOO_MUCH)


def apply_trial(ledger: Ledger, trial: Trial, folder: Path) -> Record | None:
    """Apply a run, as a transaction; None where it changes nothing. Raises `EffectsError`, then nothing has changed."""
    if not trial.upper.items:
        return None
    with ledger.locked(), translated(ledger.folder):
        if trial.is_stale():
            raise EffectsError("the files have changed since it was tried out; ask again")
        return apply(ledger, What.COMMIT, trial.command, folder, trial.upper.items, trial.upper.times)
