"""The store of transactions: a folder of the user's alone, its order, its locks and its budget."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from shellper.effects.disk import Disk, remove_tree
from shellper.effects.errors import EffectsError
from shellper.effects.journal import (
    JOURNAL_NAME,
    LOCK_NAME,
    READY_LINE,
    SLOTS_NAME,
    Item,
    Record,
    Times,
    What,
    begin_line,
    done_line,
    read_record,
    write,
)

STORE_NAME = "effects"
_RESERVE_NAME = "reserve"


@dataclass(frozen=True)
class Budget:
    """How much is kept for undo: bytes of pre-images, seconds, transactions; the oldest leave first."""

    bytes: int = 2 * 1000**3
    seconds: float = 14 * 24 * 3600.0
    count: int = 200


@dataclass(frozen=True)
class Entry:
    """A transaction in the history: as it was done last, and whether it is undone by now."""

    record: Record
    undone: bool


class Ledger:
    """The transactions below a state folder; nothing is made before the first one.

    What goes wrong is raised as `EffectsError`, in one line with the mend.
    """

    def __init__(self, state: Path, disk: Disk | None = None, budget: Budget | None = None) -> None:
        self.folder = state / STORE_NAME
        self.disk = disk or Disk()
        self.budget = budget or Budget()

    @property
    def transactions(self) -> Path:
        """The folder of the transactions, each in one of its own."""
        return self.folder / "transactions"

    @property
    def runs(self) -> Path:
        """The folder of what ran in an overlay and is not applied yet."""
        return self.folder / "runs"

    def prepare(self) -> None:
        """Make the store's folders, which only the user can read."""
        with translated(self.folder):
            for folder in (self.folder, self.transactions, self.runs):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self.folder.stat().st_mode & 0o077:
                self.folder.chmod(0o700)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Be the only one who begins, undoes, recovers or removes transactions."""
        self.prepare()
        with translated(self.folder), open_locked(self.folder / LOCK_NAME):
            yield

    def records(self) -> list[Record]:
        """Return all transactions, the oldest first."""
        return [record for place in self._places() if (record := read_record(place)) is not None]

    def _places(self) -> list[Path]:
        with translated(self.folder):
            try:
                places = [place for place in self.transactions.iterdir() if place.name.isdigit()]
            except FileNotFoundError:
                return []
        return sorted(places, key=lambda place: int(place.name))

    def history(self) -> list[Entry]:
        """Return what was done and can be undone or redone, the last one first."""
        applied, undone = self.stacks()
        entries = [Entry(record, False) for record in applied] + [Entry(record, True) for record in undone]
        return sorted(entries, key=lambda entry: -entry.record.id)

    def stacks(self) -> tuple[list[Record], list[Record]]:
        """Return what undo takes back and what redo brings back, the next one last.

        A new change ends what could be redone.
        """
        applied: list[Record] = []
        undone: list[Record] = []
        for record in self.records():
            if not record.done:
                continue
            turned = [one for one in (undone if record.what is What.REDO else applied) if one.id == record.of]
            if record.what is What.UNDO:
                applied = [one for one in applied if one not in turned]
                undone.append(record)
            elif record.what is What.REDO:
                undone = [one for one in undone if one not in turned]
                applied.append(record)
            else:
                applied.append(record)
                undone = []
        return applied, undone

    def find(self, number: int) -> Record:
        """Return a transaction by its number."""
        record = read_record(self.transactions / f"{number:08d}")
        if record is None:
            raise EffectsError(f"there is no transaction {number}; `shellper history` shows what there is")
        return record

    @contextmanager
    def begin(
        self, what: What, title: str, folder: Path, items: Sequence[Item], times: Times, of: int | None = None
    ) -> Iterator[Record]:
        """Begin a transaction, which is this process' until the block is left, to be used within `locked`.

        It is on the disk by then, but for that of a command, for which `ready` sees to that: till then nothing happens.
        """
        with translated(self.folder):
            place = self._new_place()
            with open_locked(place / LOCK_NAME):
                record = Record(int(place.name), place, what, title, folder, time.time(), tuple(items), times, of=of)
                try:
                    (place / SLOTS_NAME).mkdir(mode=0o700)
                    line = begin_line(record)
                    _reserve(place, len(line))
                    write(self.disk, record, line, sync=what is not What.RUN)
                    if what is not What.RUN:
                        self.disk.sync(place, self.transactions)
                except OSError:
                    remove_tree(place)
                    raise
                yield record

    def _new_place(self) -> Path:
        number = max((int(place.name) for place in self._places()), default=0)
        while True:
            number += 1
            place = self.transactions / f"{number:08d}"
            with contextlib.suppress(FileExistsError):
                self.disk.about_to("folder")
                place.mkdir(mode=0o700)
                return place

    def ready(self, record: Record) -> Record:
        """Note that all pre-images are in the store."""
        with translated(self.folder):
            write(self.disk, record, READY_LINE)
            self.disk.sync(record.place / SLOTS_NAME, record.place, self.transactions)
        return replace(record, ready=True)

    def finish(self, record: Record) -> Record:
        """Note that a transaction is done."""
        record = replace(record, done=True)
        line = done_line(record)
        with translated(self.folder):
            try:
                write(self.disk, record, line)
            except OSError as error:
                if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                    raise
                self.settle(record)
                write(self.disk, record, line)
            if not record.interrupted:
                self.settle(record)
        return record

    def drop(self, record: Record) -> None:
        """Remove a transaction with its pre-images."""
        with translated(self.folder):
            self._remove(record.place)

    def _remove(self, place: Path) -> None:
        """Remove a transaction's folder; it leaves its place at once, so that half of one is never read."""
        gone = place.with_name(f"{place.name}.gone")
        self.disk.remove(place, gone)

    def empty(self, record: Record) -> None:
        """Remove the pre-images of a transaction that are left over."""
        with translated(self.folder):
            for slot in list((record.place / SLOTS_NAME).iterdir()):
                self.disk.remove(slot)

    def tidy(self) -> None:
        """Remove what exceeds the budget, the oldest first, and what was removed only in part."""
        with translated(self.folder):
            for place in self.transactions.glob("*.gone"):
                remove_tree(place)
            records = [record for record in self.records() if record.done]
            sizes = {record.id: record.bytes if record.has_slots else 0 for record in records}
            total, oldest = sum(sizes.values()), time.time() - self.budget.seconds
            for at, record in enumerate(records):
                many = len(records) - at > self.budget.count
                if not (many or total > self.budget.bytes or record.began < oldest):
                    break
                total -= sizes[record.id]
                self._remove(record.place)

    def is_active(self, place: Path) -> bool:
        """Say whether a process is at work on a transaction."""
        try:
            descriptor = os.open(place / LOCK_NAME, os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
        finally:
            os.close(descriptor)
        return False

    def unfinished(self) -> list[Record]:
        """Return the transactions that were interrupted; those that were never begun are removed.

        Only these still hold their reserve, so that no other journal has to be read.
        """
        found = []
        with translated(self.folder):
            for place in self._places():
                if (place / JOURNAL_NAME).exists() and not (place / _RESERVE_NAME).exists():
                    continue
                if self.is_active(place):
                    continue
                record = read_record(place)
                if record is None:
                    self._remove(place)
                elif record.done and not record.interrupted:
                    self.settle(record)
                else:
                    found.append(record)
        return found

    def settle(self, record: Record) -> None:
        """Let go of the space that was held for a transaction's last line; nothing is left to be recovered."""
        (record.place / _RESERVE_NAME).unlink(missing_ok=True)


def _reserve(place: Path, size: int) -> None:
    """Hold space for the last line, so that what was done can be written down on a full disk too."""
    with (place / _RESERVE_NAME).open("xb") as file:
        file.write(bytes(4 * size + 4096))


@contextmanager
def open_locked(file: Path) -> Iterator[None]:
    """Hold a lock by a file, which is made if need be. Raises OSError."""
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def translated(folder: Path) -> Iterator[None]:
    """Turn what the system raises into an `EffectsError`."""
    try:
        yield
    except OSError as error:
        name = error.filename or folder
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise EffectsError(f"{name} can't be written (the disk is full); free some space and try again") from error
        if error.errno == errno.EROFS:
            raise EffectsError(
                f"{name} can't be written (it is on a read-only disk); make {folder} writable"
            ) from error
        raise EffectsError(f"{name} can't be used ({error.strerror or error}); mend that and try again") from error
