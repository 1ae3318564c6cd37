"""The store, on real files and file systems."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from shellper.config import Settings
from shellper.engine import EngineError, ScriptedEngine
from shellper.session import (
    STORE_NAME,
    Action,
    Decision,
    SavedConversation,
    Session,
    SessionError,
    Store,
    StoreError,
    open_store,
)

from .conftest import RUN, SKIP, Notes, User, call, edit


def saved(session: Session, store: Store) -> SavedConversation:
    assert session.conversation_id is not None
    return store.load(session.conversation_id)


def test_only_the_user_can_read_it(tmp_path: Path) -> None:
    state = tmp_path / "deep" / "state"
    store = open_store(state)
    store.add_conversation("x", "", tmp_path)
    assert state.stat().st_mode & 0o777 == 0o700
    names = {file.name for file in state.iterdir()}
    assert names == {STORE_NAME, f"{STORE_NAME}-wal", f"{STORE_NAME}-shm"}
    assert {file.stat().st_mode & 0o777 for file in state.iterdir()} == {0o600}
    store.close()


def test_what_was_open_to_others_is_closed(state: Path) -> None:
    open_store(state).close()
    state.chmod(0o755)
    (state / STORE_NAME).chmod(0o644)
    open_store(state).close()
    assert state.stat().st_mode & 0o777 == 0o700
    assert (state / STORE_NAME).stat().st_mode & 0o777 == 0o600


def test_a_conversation_comes_back_as_it_was(
    session: Session, engine: ScriptedEngine, store: Store, home: Path
) -> None:
    (home / "reports" / "2024" / "q1.csv").touch()
    (home / "long").write_text("".join(f"line {number}\n" for number in range(20_000)))
    engine.enqueue(call("cat", file_name="long"), call("cd", folder="reports"), call("rm", file_name="q1.csv"), "")
    result = session.turn("three things", User(RUN, edit("cd reports/2024"), RUN, SKIP))
    engine.enqueue("Which one?")
    session.turn("delete it", User())
    first, second = saved(session, store).turns
    assert (first.kind, first.request, first.ending, first.reply) == ("request", "three things", "done", "")
    for step, outcome in zip(first.steps, result.outcomes, strict=True):
        assert step.outcome is not None
        assert step.decision == outcome.decision
        assert step.outcome.output == outcome.output
        assert step.outcome.folder == outcome.folder
        assert (step.outcome.exit_code, step.outcome.duration) == (outcome.exit_code, outcome.duration)
        assert (step.proposal.command, step.proposal.call) == (outcome.proposal.command, outcome.proposal.call)
        assert step.proposal.verdict == outcome.proposal.verdict
        assert step.proposal.folder == outcome.proposal.folder
    assert [step.suggested for step in first.steps] == ["cat long", "cd reports", "rm q1.csv"]
    assert first.steps[1].call == call("cd", folder="reports")
    assert (second.request, second.ending, second.reply, second.steps) == ("delete it", "replied", "Which one?", ())


def test_what_went_wrong_is_kept(session: Session, engine: ScriptedEngine, store: Store) -> None:
    engine.enqueue(call("ls"), EngineError("the engine is gone"), call("nonsense"))
    with pytest.raises(EngineError):
        session.turn("list", User())
    session.turn("do nonsense", User())

    def interrupt(proposal: object) -> Decision:
        raise KeyboardInterrupt

    engine.enqueue(call("pwd"))
    with pytest.raises(KeyboardInterrupt):
        session.turn("where", interrupt)
    failed, refused, interrupted = saved(session, store).turns
    assert (failed.ending, failed.notice, len(failed.steps)) == ("failed", "the engine is gone", 1)
    assert (refused.ending, refused.reply) == ("replied", "")
    assert refused.notice.startswith("the model's call can't be run")
    assert (interrupted.ending, interrupted.steps[0].decision) == ("interrupted", None)


def test_a_conversation_is_gone_on_with(
    session: Session, engine: ScriptedEngine, store: Store, home: Path, again: Callable[[int], Session]
) -> None:
    engine.enqueue(call("cd", folder="reports"), "", call("ls"), "", "Which?", call("nonsense"))
    for request in ("go into reports", "list", "delete it", "nonsense"):
        session.turn(request, User(edit("ls -a"), RUN) if request == "list" else User())
    session.run_command("echo mine", User())
    assert session.conversation_id is not None
    resumed = again(session.conversation_id)
    assert resumed.conversation == session.conversation
    assert [turn.request for turn in resumed.conversation] == ["go into reports", "list", "delete it"]
    assert resumed.folder == home / "reports"
    engine.enqueue(call("cd", folder="-"), "")
    resumed.turn("back", User())
    assert resumed.folder == home
    assert resumed.conversation_id == session.conversation_id
    assert len(store.conversations()) == 1


def test_the_user_who_has_moved_is_followed(
    session: Session, engine: ScriptedEngine, store: Store, home: Path, tmp_path: Path
) -> None:
    session.run_command("cd reports", User())
    elsewhere = Session(engine, Settings(), tmp_path, home, store=store, resumed=saved(session, store))
    assert elsewhere.folder == tmp_path
    elsewhere.run_command("pwd", User())
    assert saved(session, store).started_in == tmp_path


def test_a_folder_that_is_gone_is_not_gone_back_to(
    session: Session, home: Path, again: Callable[[int], Session]
) -> None:
    session.run_command("cd reports/2024", User())
    (home / "reports" / "2024").rmdir()
    assert session.conversation_id is not None
    assert again(session.conversation_id).folder == home


def test_a_command_taken_elsewhere_stays_unknown(
    session: Session, engine: ScriptedEngine, again: Callable[[int], Session]
) -> None:
    engine.enqueue(call("ls"))
    session.turn("list", User(Decision(Action.STOP, elsewhere=True)))
    assert session.conversation_id is not None
    assert again(session.conversation_id).conversation == session.conversation


def test_names_that_are_no_text_are_kept(engine: ScriptedEngine, home: Path, store: Store) -> None:
    folder = home / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    session = Session(engine, Settings(), folder, home, store=store)
    session.run_command("pwd", User())
    engine.enqueue("Hm?")
    notes = Notes()
    session.turn("what is caf\udce9", User(), notes)
    assert notes.warnings == []
    assert saved(session, store).folder == folder
    assert saved(session, store).turns[1].request == "what is caf\N{REPLACEMENT CHARACTER}"


def test_the_list_has_the_last_one_first(store: Store, home: Path) -> None:
    first = store.add_conversation("how big is this\nand more", "t1", home)
    second = store.add_conversation("x" * 200, "t2", home / "reports")
    store.add_turn(first, "request", "how big is this", "")
    summaries = store.conversations()
    assert [summary.id for summary in summaries] == [first, second]
    assert (summaries[0].title, summaries[0].turns, summaries[0].folder) == ("how big is this", 1, home)
    assert len(summaries[1].title) == 80
    assert store.conversations(1) == summaries[:1]


def test_the_last_conversation_is_that_of_the_terminal_then_of_the_folder_then_of_all(store: Store) -> None:
    assert store.last_for("t1", Path("/a")) is None
    first = store.add_conversation("1", "t1", Path("/a"))
    second = store.add_conversation("2", "t2", Path("/b"))
    third = store.add_conversation("3", "t3", Path("/c"))
    assert store.last_for("t1", Path("/b")) == first
    assert store.last_for("t9", Path("/b")) == second
    assert store.last_for("t9", Path("/z")) == third
    assert store.last_for("t9") == third
    store.go_on(first, "t9", Path("/z"))
    assert store.last_for("t9") == first
    assert store.last_for("t1") == first


def test_what_is_removed_is_gone_from_the_disk(
    session: Session, engine: ScriptedEngine, store: Store, state: Path, home: Path
) -> None:
    (home / "secret.txt").write_text("xyzzy-plugh\n")
    engine.enqueue(call("cat", file_name="secret.txt"), "")
    session.turn("show secret.txt", User())
    assert session.conversation_id is not None
    assert any(b"xyzzy-plugh" in file.read_bytes() for file in state.iterdir())
    assert store.remove(session.conversation_id)
    assert not any(b"xyzzy-plugh" in file.read_bytes() for file in state.iterdir())
    assert not store.remove(session.conversation_id)
    assert store.conversations() == ()
    with pytest.raises(StoreError, match=r"has no conversation \d+; `shellper sessions list`"):
        store.load(session.conversation_id)


def test_nothing_is_written_where_history_is_off(engine: ScriptedEngine, home: Path, store: Store) -> None:
    session = Session(engine, Settings(history=False), home, home, store=store)
    engine.enqueue(call("ls"), "")
    session.turn("list", User())
    assert session.conversation_id is None
    assert store.conversations() == ()
    assert len(session.conversation) == 1


def test_a_session_without_a_store_works(engine: ScriptedEngine, home: Path) -> None:
    session = Session(engine, Settings(), home, home)
    engine.enqueue(call("cd", folder="reports"), call("ls"), "")
    notes = Notes()
    assert len(session.turn("list reports", User(), notes).outcomes) == 2
    assert notes.warnings == []


CHILD = """
import sys
from pathlib import Path
from shellper.calls import ToolCall
from shellper.config import Settings
from shellper.engine import ScriptedEngine
from shellper.session import Action, Decision, Listener, Session, open_store

state, home, where = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]

def wait():
    print("ready", flush=True)
    sys.stdin.read()

class Waiter(Listener):
    def on_output(self, stream, text):
        if where == "command":
            wait()
    def on_outcome(self, outcome):
        if where == "outcome" and outcome.exit_code == 0:
            wait()

asked = []
def decide(proposal):
    asked.append(proposal)
    if where == "decision" and len(asked) == 2:
        wait()
    if where == "command" and len(asked) == 2:
        return Decision(Action.EDIT, "echo begun; sleep 60")
    return Decision(Action.RUN)

engine = ScriptedEngine([ToolCall("mkdir", {"dir_name": "new"}), ToolCall("cd", {"folder": "new"}), ""])
session = Session(engine, Settings(), home, home, store=open_store(state), terminal="t1")
session.turn("make new and go in", decide, Waiter())
"""


@pytest.mark.parametrize(
    ("where", "told"),
    [("outcome", ["ran"]), ("decision", ["ran"]), ("command", ["ran", "unknown"])],
)
def test_a_program_that_is_killed_leaves_every_step_it_took(
    state: Path, home: Path, where: str, told: list[str], engine: ScriptedEngine
) -> None:
    arguments: list[str | Path] = [sys.executable, "-c", CHILD, state, home, where]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        child.kill()
    store = open_store(state)
    last = store.last_for("t1")
    assert last is not None
    found = store.load(last)
    (turn,) = found.turns
    assert (turn.request, turn.ending) == ("make new and go in", None)
    assert turn.steps[0].outcome is not None
    assert turn.steps[0].outcome.exit_code == 0
    if where != "outcome":
        assert turn.steps[1].outcome is None
        assert turn.steps[1].suggested == "cd new"
    resumed = Session(engine, Settings(), home, home, store=store, resumed=found)
    (seen,) = resumed.conversation
    assert seen.done
    assert [step.response.state for step in seen.steps] == told
    store.close()


def test_programs_that_begin_at_once_share_it(state: Path, home: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from shellper.session import open_store; sys.stdin.read()\n"
        "s = open_store(Path(sys.argv[1])); s.add_turn(s.add_conversation('x', '', Path('/')), 'request', 'x', 'x')"
    )
    children = [
        subprocess.Popen([sys.executable, "-c", program, state], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(4)
    ]
    for child in children:
        assert child.stdin is not None
        child.stdin.close()
    for child in children:
        assert child.stderr is not None
        assert child.stderr.read() == b""
        child.stderr.close()
        assert child.wait() == 0
    store = open_store(state)
    assert [summary.turns for summary in store.conversations()] == [1, 1, 1, 1]
    store.close()


def test_threads_share_it(store: Store, home: Path) -> None:
    conversation = store.add_conversation("x", "", home)

    def add() -> None:
        for number in range(20):
            store.add_turn(conversation, "request", str(number), "")

    threads = [threading.Thread(target=add) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.load(conversation).turns) == 60


def test_a_turn_that_fails_is_kept_too(session: Session, store: Store, engine: ScriptedEngine, home: Path) -> None:
    session.run_command("cd reports/2024", User())
    (home / "reports" / "2024").rmdir()
    with pytest.raises(SessionError):
        session.run_command("ls", User())
    assert [turn.ending for turn in saved(session, store).turns] == ["done", "failed"]
