"""A store that is damaged, closed, full or in use: one clear line each, and the session goes on."""

import os
import sqlite3
import subprocess
from pathlib import Path

import pytest

from shellper.config import Settings
from shellper.engine import ScriptedEngine
from shellper.session import STORE_NAME, Session, Store, StoreError, open_store
from shellper.session import store as store_module

from .conftest import Notes, User, call, mounted


def failure(state: Path) -> str:
    """Open a store that must be refused, and return the message, which must be one line that names a path of it."""
    with pytest.raises(StoreError) as caught:
        open_store(state).conversations()
    message = str(caught.value)
    assert "\n" not in message
    assert str(state) in message
    return message


def test_an_empty_file_is_filled(state: Path) -> None:
    state.mkdir()
    (state / STORE_NAME).touch()
    store = open_store(state)
    assert store.conversations() == ()
    store.close()


def test_a_file_that_is_no_database(state: Path) -> None:
    state.mkdir()
    (state / STORE_NAME).write_text("This is a letter, not a database. " * 100)
    assert f"{STORE_NAME} is damaged (file is not a database); move it away" in failure(state)
    assert (state / STORE_NAME).read_text().startswith("This is a letter")


def test_a_database_whose_pages_are_damaged(state: Path, home: Path) -> None:
    store = open_store(state)
    for number in range(50):
        store.add_turn(store.add_conversation(f"{number}", "", home), "request", "x" * 500, "")
    store.close()
    data = bytearray((state / STORE_NAME).read_bytes())
    data[2 * 4096 :] = b"\xff" * (len(data) - 2 * 4096)
    (state / STORE_NAME).write_bytes(data)
    assert "is damaged (" in failure(state)


def test_a_database_that_was_cut_off(state: Path, home: Path) -> None:
    store = open_store(state)
    for number in range(50):
        store.add_turn(store.add_conversation(f"{number}", "", home), "request", "x" * 500, "")
    store.close()
    os.truncate(state / STORE_NAME, 4096)
    assert "is damaged (" in failure(state)


def test_a_store_of_a_newer_version_is_left_alone(state: Path) -> None:
    open_store(state).close()
    database = sqlite3.connect(state / STORE_NAME)
    with database:
        database.execute("INSERT INTO migrations VALUES ('0099-future', 0)")
    database.close()
    assert "was written by another version of SHELLper (0099-future); update SHELLper" in failure(state)


def test_a_file_in_the_place_of_the_folder(state: Path) -> None:
    state.write_text("")
    assert "can't be used (File exists)" in failure(state)


def test_a_folder_in_the_place_of_the_file(state: Path) -> None:
    (state / STORE_NAME).mkdir(parents=True)
    assert "can't be used (Is a directory)" in failure(state)


def test_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o500)
    if os.access(tmp_path / "closed", os.W_OK):
        pytest.skip("this user may write every folder; the read-only file system is tested")
    assert "can't be used (Permission denied)" in failure(tmp_path / "closed" / "state")


def test_a_read_only_file_system(tmp_path: Path) -> None:
    with mounted(tmp_path / "m", "size=1m") as folder:
        open_store(folder / "state").close()
        subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
        assert "can't be used (Read-only file system)" in failure(folder / "state")
        assert "can't be used (Read-only file system)" in failure(folder / "other")


def fill(folder: Path) -> None:
    with (folder / "filler").open("wb", buffering=0) as filler:
        try:
            while True:
                filler.write(b"x" * 4096)
        except OSError:
            pass


def test_a_full_disk_at_the_start(tmp_path: Path) -> None:
    with mounted(tmp_path / "m", "size=256k") as folder:
        fill(folder)
        message = failure(folder / "state")
        assert "the disk is full" in message or "No space left on device" in message


def test_a_disk_that_fills_up_costs_one_warning_and_no_work(tmp_path: Path, engine: ScriptedEngine, home: Path) -> None:
    with mounted(tmp_path / "m", "size=512k") as folder:
        store = open_store(folder / "state")
        session = Session(engine, Settings(), home, home, store=store)
        engine.enqueue(call("ls"), "")
        notes = Notes()
        session.turn("list", User(), notes)
        assert notes.warnings == []
        fill(folder)
        (home / "long").write_text("word " * 10_000)
        for _ in range(2):
            engine.enqueue(call("cat", file_name="long"), call("touch", file_name="new"), "")
            result = session.turn("show it, make new", User(), notes)
            assert [outcome.exit_code for outcome in result.outcomes] == [0, 0]
        (warning,) = notes.warnings
        assert "the disk is full" in warning
        assert len(session.conversation) == 3
        store.close()
        (folder / "filler").unlink()
        store = open_store(folder / "state")
        assert store.load(1).turns[0].steps[0].suggested == "ls"
        store.close()


def test_a_database_that_may_not_grow(session: Session, engine: ScriptedEngine, store: Store, home: Path) -> None:
    (pages,) = store._rows("PRAGMA page_count")[0]
    store._rows(f"PRAGMA max_page_count = {pages + 1}")
    (home / "long").write_text("word " * 10_000)
    engine.enqueue(call("cat", file_name="long"), "")
    notes = Notes()
    result = session.turn("show it", User(), notes)
    assert result.outcomes[0].exit_code == 0
    assert len(notes.warnings) == 1
    assert notes.warnings[0].startswith("this conversation is no longer saved: ")
    assert "(the disk is full); free some space" in notes.warnings[0]


def test_a_database_that_another_program_holds(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "_BUSY_SECONDS", 0.01)
    store = open_store(state)
    other = sqlite3.connect(state / STORE_NAME, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="is in use by another program"):
        store.add_conversation("x", "", Path("/"))
    other.execute("ROLLBACK")
    store.add_conversation("x", "", Path("/"))
    other.close()
    store.close()
