"""The store: conversations in one SQLite file, each step written as it happens."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

from shellper.calls import ToolCall
from shellper.session.errors import StoreError
from shellper.session.flow import Decision, Outcome, Proposal
from shellper.session.rows import as_text, read_conversation, read_summary, read_turn
from shellper.session.saved import SavedConversation, Summary
from shellper.session.schema import MIGRATIONS

STORE_NAME = "conversations.sqlite3"
_BUSY_SECONDS = 5.0
_TITLE_CHARACTERS = 80


def open_store(state: Path) -> Store:
    """Open the store in the state folder, which is made if need be; only the user can read either (0700, 0600).

    Raises `StoreError`.
    """
    return Store(state / STORE_NAME)


class Store:
    """Conversations in one SQLite file; safe to use from several threads and several programs at once.

    Each method that writes commits, so that what happened is there even if the program is killed right after.
    Every method raises `StoreError` where the file is damaged, locked, or can't be written.
    """

    def __init__(self, file: Path) -> None:
        """Open or make the file, and bring its tables up to date."""
        self.file = file
        self._lock = threading.RLock()
        with _translated(file):
            _make_private(file)
            self._database = sqlite3.connect(file, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
            try:
                self._prepare()
            except BaseException:
                self._database.close()
                raise

    def _prepare(self) -> None:
        self._database.row_factory = sqlite3.Row
        # WAL with NORMAL loses no commit when the program is killed, only the last ones when the machine is.
        for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON", "secure_delete = ON"):
            self._database.execute(f"PRAGMA {pragma}")
        if self._applied() == [name for name, _ in MIGRATIONS]:
            return
        self._database.execute("BEGIN IMMEDIATE")
        try:
            self._migrate()
        except BaseException:
            self._database.rollback()
            raise
        self._database.execute("COMMIT")

    def _applied(self) -> list[str]:
        """Return the names of the migrations that this file has had."""
        if not self._database.execute("SELECT 1 FROM sqlite_schema WHERE name = 'migrations'").fetchone():
            return []
        return [row["name"] for row in self._database.execute("SELECT name FROM migrations ORDER BY rowid")]

    def _migrate(self) -> None:
        self._database.execute(
            "CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, applied_at REAL NOT NULL)"
        )
        applied = self._applied()
        if applied != [name for name, _ in MIGRATIONS[: len(applied)]]:
            raise StoreError(
                f"{self.file} was written by another version of SHELLper ({applied[-1]}); update SHELLper, "
                "or move the file away"
            )
        for name, script in MIGRATIONS[len(applied) :]:
            for statement in script.split(";"):  # executescript would commit what is open
                self._database.execute(statement)
            self._database.execute("INSERT INTO migrations VALUES (?, ?)", (name, time.time()))

    def close(self) -> None:
        """Close the file."""
        with self._lock, _translated(self.file):
            self._database.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock, _translated(self.file):
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield self._database
                self._database.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):  # SQLite has rolled back by itself where the disk is full
                    self._database.rollback()
                raise

    def _insert(self, table: str, **values: object) -> int:
        """Add a row and return its id."""
        marks = ", ".join("?" * len(values))
        with self._transaction() as database:
            statement = f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})"
            row = database.execute(statement, [*values.values()]).lastrowid
        assert row is not None
        return row

    def _update(self, table: str, row: int, **values: object) -> None:
        """Change a row."""
        changes = ", ".join(f"{name} = ?" for name in values)
        with self._transaction() as database:
            database.execute(f"UPDATE {table} SET {changes} WHERE id = ?", [*values.values(), row])

    def _rows(self, query: str, *values: object) -> list[sqlite3.Row]:
        with self._lock, _translated(self.file):
            return self._database.execute(query, values).fetchall()

    def add_conversation(self, title: str, terminal: str, folder: Path) -> int:
        """Begin a conversation and return its id; its title is the first line of the first request, cut."""
        now = time.time()
        line = (title.strip().splitlines() or [""])[0]
        return self._insert(
            "conversations",
            title=as_text(line if len(line) <= _TITLE_CHARACTERS else line[: _TITLE_CHARACTERS - 1] + "…"),
            terminal=terminal,
            started_in=os.fsencode(folder),
            folder=os.fsencode(folder),
            started_at=now,
            changed_at=now,
        )

    def go_on(self, conversation: int, terminal: str, started_in: Path) -> None:
        """Note in which terminal and folder a conversation is gone on with."""
        self._update(
            "conversations", conversation, terminal=terminal, started_in=os.fsencode(started_in), changed_at=time.time()
        )

    def move(self, conversation: int, folder: Path, previous: Path | None) -> None:
        """Note the session's working directory."""
        before = None if previous is None else os.fsencode(previous)
        self._update("conversations", conversation, folder=os.fsencode(folder), previous_folder=before)

    def forget_before(self, conversation: int, turn: int) -> None:
        """Note that the model sees a conversation only from this turn on."""
        self._update("conversations", conversation, context_from=turn)

    def add_turn(self, conversation: int, kind: Literal["request", "command"], request: str, prompt: str) -> int:
        """Begin a turn and return its id."""
        now = time.time()
        turn = self._insert(
            "turns",
            conversation=conversation,
            kind=kind,
            request=as_text(request),
            prompt=as_text(prompt),
            started_at=now,
        )
        self._update("conversations", conversation, changed_at=now)
        return turn

    def end_turn(self, turn: int, ending: str, reply: str, notice: str) -> None:
        """End a turn."""
        self._update("turns", turn, ending=ending, reply=as_text(reply), notice=as_text(notice), ended_at=time.time())

    def add_step(self, turn: int, call: ToolCall | None, proposal: Proposal) -> int:
        """Write a proposal down and return the step's id."""
        return self._insert(
            "steps",
            turn=turn,
            call=None if call is None else as_text(json.dumps(call.as_json())),
            suggested=as_text(proposal.command),
            confidence=proposal.confidence,
            proposed_at=time.time(),
            **_proposed(proposal),
        )

    def decide(self, step: int, proposal: Proposal, decision: Decision) -> None:
        """Write a decision down, with the proposal that it was made on in the end."""
        self._update(
            "steps",
            step,
            action=decision.action.value,
            elsewhere=decision.elsewhere,
            decided_at=time.time(),
            **_proposed(proposal),
        )

    def end_step(self, step: int, outcome: Outcome) -> None:
        """Write an outcome down."""
        values: dict[str, object] = {}
        if outcome.output is not None:
            kept = outcome.output
            values = {
                "output_head": as_text(kept.head),
                "output_gap": as_text(kept.text[len(kept.head) : len(kept.text) - len(kept.tail)]),
                "output_tail": as_text(kept.tail),
                "left_out_lines": kept.left_out_lines,
                "left_out_bytes": kept.left_out_bytes,
                "total_bytes": kept.total_bytes,
                "is_binary": kept.binary,
            }
        self._update(
            "steps",
            step,
            exit_code=outcome.exit_code,
            folder_after=os.fsencode(outcome.folder),
            duration=outcome.duration,
            timed_out=outcome.timed_out,
            cancelled=outcome.cancelled,
            sandbox_level=outcome.level.value,
            journal_id=outcome.journal_id,
            changed=json.dumps([str(path) for path in outcome.changed]),
            ended_at=time.time(),
            **values,
        )

    def show_model(self, step: int, seen: str) -> None:
        """Write down the output as the model is given it."""
        self._update("steps", step, seen=as_text(seen))

    def conversations(self, most: int = -1) -> tuple[Summary, ...]:
        """Return the conversations, the last one first, `most` of them at most (-1 for all)."""
        query = """SELECT *, (SELECT COUNT(*) FROM turns WHERE conversation = conversations.id) AS turns
                   FROM conversations ORDER BY changed_at DESC, id DESC LIMIT ?"""
        return tuple(read_summary(row) for row in self._rows(query, most))

    def load(self, conversation: int) -> SavedConversation:
        """Return a whole conversation.

        Raises `StoreError` where there is none of that id.
        """
        found = self._rows("SELECT * FROM conversations WHERE id = ?", conversation)
        if not found:
            raise StoreError(
                f"{self.file} has no conversation {conversation}; `shellper sessions list` shows what there is"
            )
        turns = self._rows("SELECT * FROM turns WHERE conversation = ? ORDER BY id", conversation)
        steps: dict[int, list[sqlite3.Row]] = {}
        query = "SELECT steps.* FROM steps JOIN turns ON turns.id = turn WHERE conversation = ? ORDER BY steps.id"
        for row in self._rows(query, conversation):
            steps.setdefault(row["turn"], []).append(row)
        try:
            return read_conversation(found[0], tuple(read_turn(row, steps.get(row["id"], [])) for row in turns))
        except ValueError as error:
            raise _damaged(self.file, str(error)) from error

    def rename(self, conversation: int, title: str) -> None:
        """Give a conversation another title; when it was changed stays."""
        self._update("conversations", conversation, title=as_text(" ".join(title.split()))[:_TITLE_CHARACTERS])

    def remove(self, conversation: int) -> bool:
        """Remove a conversation, so that nothing of it is left in the file; says whether there was one."""
        with self._transaction() as database:
            count = database.execute("DELETE FROM conversations WHERE id = ?", (conversation,)).rowcount
        with suppress(StoreError):  # another program is reading: SQLite empties the log later
            self._rows("PRAGMA wal_checkpoint(TRUNCATE)")
        return count > 0

    def last_for(self, terminal: str, folder: Path | None = None) -> int | None:
        """Return the id of the last conversation: of this terminal, else begun in this folder, else of all."""
        for condition, value in (
            ("terminal = ?", terminal),
            ("started_in = ?", b"" if folder is None else os.fsencode(folder)),
            ("? IS NOT NULL", ""),
        ):
            query = f"SELECT id FROM conversations WHERE {condition} ORDER BY changed_at DESC, id DESC LIMIT 1"
            found = self._rows(query, value)
            if found:
                row: int = found[0]["id"]
                return row
        return None


def _proposed(proposal: Proposal) -> dict[str, Any]:
    return {
        "command": as_text(proposal.command),
        "folder": os.fsencode(proposal.folder),
        "level": proposal.verdict.level.value,
        "reasons": json.dumps(proposal.verdict.reasons),
    }


def _make_private(file: Path) -> None:
    """Make the folder and the file, readable by the user alone; SQLite's own files beside it take over its mode."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if file.parent.stat().st_mode & 0o077:
        file.parent.chmod(0o700)
    os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    if file.stat().st_mode & 0o077:
        file.chmod(0o600)


def _damaged(file: Path, why: str) -> StoreError:
    return StoreError(f"{file} is damaged ({' '.join(why.split())}); move it away to start with an empty history")


@contextmanager
def _translated(file: Path) -> Iterator[None]:
    """Turn what SQLite and the system raise into a `StoreError`."""
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"{error.filename or file} can't be used ({error.strerror}); mend that, or set history = false"
        ) from error
    except sqlite3.Error as error:
        raise _store_error(file, error) from error


def _store_error(file: Path, error: sqlite3.Error) -> StoreError:
    """Say what an error of SQLite means, by its code (sqlite.org/rescode.html: the low byte of an extended code)."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if code == sqlite3.SQLITE_FULL or (code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN) and _is_full(file)):
        return StoreError(f"{file} can't be written (the disk is full); free some space, or set history = false")
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return StoreError(f"{file} can't be written ({error}); make its folder writable, or set history = false")
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StoreError(f"{file} is in use by another program ({error}); try again when that has ended")
    if code == sqlite3.SQLITE_IOERR:
        return StoreError(f"{file} can't be read or written ({error}); check the disk, or set history = false")
    return _damaged(file, str(error))


def _is_full(file: Path) -> bool:
    try:
        return os.statvfs(file.parent).f_bavail == 0
    except OSError:
        return False
