"""The host's protocol, over real sockets, with a scripted engine behind it."""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shellper.calls import ToolCall
from shellper.dialect import Conversation, ModelStep, Turn
from shellper.engine import EngineError, Generation, GenerationCancelled, ScriptedEngine, conversation_to_json
from shellper.engine.host import Host
from shellper.engine.serialize import generation_from_json
from shellper.engine.wire import Connection, ConnectionLostError, Message

_PATIENCE = 30.0
ASK = {"op": "generate", "conversation": conversation_to_json((Turn("list it", done=False),))}


class Blocking(ScriptedEngine):
    """An engine that writes until it is cancelled."""

    def __init__(self) -> None:
        super().__init__()
        self.writing, self.ended = threading.Event(), threading.Event()

    def generate(
        self,
        conversation: Conversation,
        on_text: Callable[[str], None] | None = None,
        cancelled: threading.Event | None = None,
    ) -> Generation:
        assert cancelled is not None and on_text is not None
        on_text("first")
        self.writing.set()
        assert cancelled.wait(_PATIENCE)
        self.ended.set()
        raise GenerationCancelled


class Served:
    """A host that serves in a thread of this process."""

    def __init__(self, folder: Path, load: Callable[[], ScriptedEngine], idle_seconds: float = 60) -> None:
        self.path = folder / "s"
        self.loaded: list[str | None] = []
        self.log: list[str] = []
        self.host = Host(load, idle_seconds=idle_seconds, loaded=self.loaded.append, log=self.log.append)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(self.path))
        self._listener.listen()
        self._listener.setblocking(False)
        self.thread = threading.Thread(target=self.host.serve, args=(self._listener,))
        self.thread.start()

    def connect(self) -> Connection:
        stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        stream.connect(str(self.path))
        return Connection(stream)

    def close(self) -> None:
        self.host.stop("the test is over")
        self.thread.join(_PATIENCE)
        self._listener.close()
        assert not self.thread.is_alive()


@pytest.fixture
def serve(short_folder: Path) -> Iterator[Callable[..., Served]]:
    served: list[Served] = []

    def serve(load: Callable[[], ScriptedEngine], idle_seconds: float = 60) -> Served:
        served.append(Served(short_folder, load, idle_seconds))
        return served[-1]

    yield serve
    for one in served:
        one.close()


def _ask(connection: Connection, request: Message) -> Message:
    connection.send(request)
    return connection.receive(_PATIENCE)


def _events(connection: Connection, number: int) -> list[Message]:
    """Read the events of a generation to its end."""
    events = [connection.receive(_PATIENCE)]
    while events[-1]["event"] == "text":
        events.append(connection.receive(_PATIENCE))
    assert all(event["id"] == number for event in events)
    return events


def test_a_generation_is_streamed_and_comes_whole(serve: Callable[..., Served]) -> None:
    engine = ScriptedEngine(["which file?", ToolCall("ls", {"a": True})])
    connection = serve(lambda: engine).connect()
    connection.send({**ASK, "id": 1})
    *texts, done = _events(connection, 1)
    assert "".join(text["text"] for text in texts).strip() == "which file?"
    assert generation_from_json(done["generation"]).step == ModelStep(reply="which file?")
    connection.send({**ASK, "id": 2})
    assert generation_from_json(_events(connection, 2)[-1]["generation"]).step.call == ToolCall("ls", {"a": True})
    assert engine.conversations == [(Turn("list it", done=False),)] * 2


def test_a_choice_among_calls_is_answered_with_one_of_them_or_none(serve: Callable[..., Served]) -> None:
    engine = ScriptedEngine()
    engine.likely = [ToolCall("cd", {"folder": "beds"})]
    connection = serve(lambda: engine).connect()
    calls = [{"name": "cd", "arguments": {"folder": folder}} for folder in ("shed", "beds")]
    chosen = _ask(connection, {**ASK, "op": "choose", "calls": calls, "least": 0.1, "id": 1})
    assert generation_from_json(chosen["generation"]).step == ModelStep(ToolCall("cd", {"folder": "beds"}))
    assert _ask(connection, {**ASK, "op": "choose", "calls": calls[:1], "least": 0.1, "id": 2})["generation"] is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"calls": []},
        {"calls": [], "least": 0},
        {"calls": [{"name": "fly"}], "least": 0.1},
        {"least": 0.1},
        {"calls": 1, "least": 0.1},
    ],
)
def test_a_malformed_choice_is_one_line(serve: Callable[..., Served], wrong: Message) -> None:
    connection = serve(lambda: ScriptedEngine()).connect()
    refused = _ask(connection, {**ASK, "op": "choose", **wrong, "id": 1})
    assert refused["event"] == "error" and "malformed" in refused["message"]
    assert _ask(connection, {"op": "status", "id": 2})["event"] == "done"


def test_counting_and_cutting_are_answered_while_another_client_waits_for_a_generation(
    serve: Callable[..., Served],
) -> None:
    engine = Blocking()
    served = serve(lambda: engine)
    first, second = served.connect(), served.connect()
    first.send({**ASK, "id": 1})
    assert first.receive(_PATIENCE) == {"id": 1, "event": "text", "text": "first"}
    assert _ask(second, {**ASK, "op": "count", "id": 7}) == {"id": 7, "event": "done", "tokens": 2}
    assert _ask(second, {"op": "cut", "id": 8, "text": "short"})["text"] == "short"
    assert _ask(second, {"op": "status", "id": 9})["status"]["state"] == "busy"


def test_one_generation_at_a_time_in_the_order_they_came(serve: Callable[..., Served]) -> None:
    engine = Blocking()
    served = serve(lambda: engine)
    first, second = served.connect(), served.connect()
    first.send({**ASK, "id": 1})
    assert first.receive(_PATIENCE)["event"] == "text"
    assert engine.writing.wait(_PATIENCE)
    engine.writing.clear()
    second.send({**ASK, "id": 2})
    assert _ask(second, {"op": "status"})["status"]["state"] == "busy"
    assert not engine.writing.is_set()
    first.send({"op": "cancel", "id": 1})
    assert first.receive(_PATIENCE) == {"id": 1, "event": "cancelled"}
    assert second.receive(_PATIENCE) == {"id": 2, "event": "text", "text": "first"}


def test_a_cancel_that_comes_before_its_turn_never_decodes(serve: Callable[..., Served]) -> None:
    engine = Blocking()
    served = serve(lambda: engine)
    first, second = served.connect(), served.connect()
    first.send({**ASK, "id": 1})
    assert first.receive(_PATIENCE)["event"] == "text"
    assert engine.writing.wait(_PATIENCE)
    engine.writing.clear()
    second.send({**ASK, "id": 2})
    second.send({"op": "cancel", "id": 2})
    # Answered behind the cancel, so the cancel has been taken.
    assert _ask(second, {"op": "status", "id": 3})["id"] == 3
    first.send({"op": "cancel", "id": 1})
    assert second.receive(_PATIENCE) == {"id": 2, "event": "cancelled"}
    assert not engine.writing.is_set()


def test_a_client_that_leaves_cancels_what_it_waited_for(serve: Callable[..., Served]) -> None:
    engine = Blocking()
    connection = serve(lambda: engine).connect()
    connection.send({**ASK, "id": 1})
    assert engine.writing.wait(_PATIENCE)
    connection.close()
    assert engine.ended.wait(_PATIENCE)


def test_an_engine_error_is_passed_on_and_the_next_request_served(serve: Callable[..., Served]) -> None:
    connection = serve(lambda: ScriptedEngine([EngineError("too long"), ToolCall("pwd")])).connect()
    assert _ask(connection, {**ASK, "id": 1}) == {"id": 1, "event": "error", "message": "too long"}
    assert _ask(connection, {**ASK, "id": 2})["event"] == "done"


@pytest.mark.parametrize(
    "line", [b"{\n", b"[]\n", b"\xff\n", b"{}\n", b'{"op":"dance"}\n', b'{"op":"generate","conversation":[1]}\n']
)
def test_a_malformed_line_gets_an_error_and_the_next_one_is_served(line: bytes, serve: Callable[..., Served]) -> None:
    stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    stream.connect(str(serve(ScriptedEngine).path))
    stream.sendall(line)
    connection = Connection(stream)
    reply = connection.receive(_PATIENCE)
    assert reply["event"] == "error"
    assert "malformed" in reply["message"]
    assert _ask(connection, {"op": "ready", "id": 1})["event"] == "done"


def test_weights_that_can_not_be_loaded_end_the_host_with_the_reason(serve: Callable[..., Served]) -> None:
    def load() -> ScriptedEngine:
        raise EngineError("w.gguf is damaged")

    served = serve(load)
    served.thread.join(_PATIENCE)
    assert served.loaded == ["w.gguf is damaged"]
    assert "error: w.gguf is damaged" in served.log


def test_an_idle_host_ends_also_with_a_silent_client(serve: Callable[..., Served]) -> None:
    engine = ScriptedEngine([ToolCall("ls")])
    served = serve(lambda: engine, idle_seconds=0.2)
    connection = served.connect()
    assert _ask(connection, {**ASK, "id": 1})["event"] == "done"
    with pytest.raises(ConnectionLostError):
        connection.receive(_PATIENCE)
    served.thread.join(_PATIENCE)
    assert engine.closed
    assert served.log == ["ends: no request for 0.2 seconds"]


def test_a_working_host_is_not_idle(serve: Callable[..., Served]) -> None:
    engine = Blocking()
    served = serve(lambda: engine, idle_seconds=0.05)
    connection = served.connect()
    connection.send({**ASK, "id": 1})
    assert engine.writing.wait(_PATIENCE)
    served.thread.join(0.3)
    assert served.thread.is_alive()
    assert not engine.ended.is_set()


def test_stop_ends_the_host_in_mid_answer(serve: Callable[..., Served]) -> None:
    engine = Blocking()
    served = serve(lambda: engine)
    first, second = served.connect(), served.connect()
    first.send({**ASK, "id": 1})
    assert engine.writing.wait(_PATIENCE)
    assert _ask(second, {"op": "stop", "id": 2}) == {"id": 2, "event": "done"}
    served.thread.join(_PATIENCE)
    assert not served.thread.is_alive()
    assert engine.closed


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as another user")
def test_another_user_is_refused(serve: Callable[..., Served], short_folder: Path) -> None:
    served = serve(ScriptedEngine)
    short_folder.chmod(0o777)
    served.path.chmod(0o777)
    child = os.fork()
    if not child:
        os.setresuid(65534, 65534, 65534)
        try:
            served.connect().receive(_PATIENCE)
        except ConnectionLostError:
            os._exit(42)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 42
    assert served.log == ["refused a client of the user 65534"]
