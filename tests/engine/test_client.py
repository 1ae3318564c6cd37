"""The engine in its own process, on real weights: started on demand, shared, cancelled, crashed, replaced, ended."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from shellper.calls import ToolCall
from shellper.dialect import Conversation, Response, Step, Turn
from shellper.engine import Engine, EngineError, Generation, GenerationCancelled, open_engine, status, stop
from shellper.engine.direct import DirectEngine
from shellper.engine.runtime import meeting
from shellper.engine.wire import Connection, ConnectionLostError

pytestmark = pytest.mark.weights

_PATIENCE = 60.0
# Long in any weights: untuned ones repeat themselves, tuned ones copy the text.
LONG = "add the text 'Füße, 日本語 und 🎉 ' followed by 'one two three four five six seven eight' to notes.txt"


@dataclass(frozen=True)
class Expected:
    """What an engine in this process answers to the long request."""

    generation: Generation
    text: str


@pytest.fixture(scope="module")
def expected(direct: DirectEngine) -> Expected:
    """Decoded once: decoding is the same in every process."""
    texts: list[str] = []
    return Expected(direct.generate(_ask(), texts.append), "".join(texts))


def _ask(request: str = LONG, *before: Turn) -> Conversation:
    return (*before, Turn(request, done=False))


def _pid(weights: Path) -> int:
    found = status(weights)
    assert found is not None
    return found.pid


def _gone(pid: int) -> None:
    """Wait until a process has ended."""
    try:
        psutil.Process(pid).wait(_PATIENCE)
    except psutil.NoSuchProcess:
        return


def test_the_host_starts_on_demand_and_answers_as_an_engine_in_this_process_does(
    open_one: Callable[..., Engine], weights: Path, direct: DirectEngine, expected: Expected
) -> None:
    engine = open_one()
    assert status(weights) is None
    texts: list[str] = []
    generation = engine.generate(_ask(), texts.append)
    assert generation.step == expected.generation.step
    assert generation.confidence == pytest.approx(expected.generation.confidence, rel=0.5)
    assert "".join(texts) == expected.text
    assert len(texts) > 3
    assert "�" not in expected.text
    conversation = _ask("what now?", Turn("what is here", (Step(ToolCall("ls"), Response("a.txt")),)))
    assert engine.count_tokens(conversation) == direct.count_tokens(conversation) > 20
    assert engine.context_tokens == direct.context_tokens
    long = "line\n" * 1000
    assert engine.cut_output(long) == direct.cut_output(long)
    found = status(weights)
    assert found is not None
    assert (found.state, found.served, found.clients, found.current) == ("ready", 1, 2, True)
    assert found.weights == weights and found.context_tokens == direct.context_tokens and found.memory_bytes > 1 << 20


def test_a_host_chooses_among_calls_as_an_engine_in_this_process_does(
    open_one: Callable[..., Engine], direct: DirectEngine
) -> None:
    listed = Turn("what is here", (Step(ToolCall("ls"), Response("beds\nplan.txt\nshed")),))
    conversation = (listed, Turn("go into the beds", done=False))
    calls = [ToolCall("cd", {"folder": folder}) for folder in ("shed", "beds", "..")]
    found = open_one().choose(conversation, calls, 0.01)
    assert found is not None and found == direct.choose(conversation, calls, 0.01)
    assert found.step.call == calls[1] and 0.5 < found.confidence <= 1
    endless = ToolCall("cd", {"folder": "\U0001f9b7" * 600})
    assert direct.choose(conversation, [endless], 0.01) is None
    assert direct.choose(conversation, [endless, *calls], 0.01) == found
    assert open_one().choose(conversation, [ToolCall("kill", {"pid": 7})], 0.01) is None


def test_two_engines_share_one_host_and_its_cache(open_one: Callable[..., Engine], weights: Path) -> None:
    first, second = open_one(), open_one()
    cancelled = threading.Event()
    with pytest.raises(GenerationCancelled):
        first.generate(_ask(), lambda text: cancelled.set(), cancelled)
    first.close()
    generation = second.generate(_ask())
    assert generation.cached_tokens == generation.prompt_tokens - 1


def test_clients_that_start_at_once_get_one_host(open_one: Callable[..., Engine], weights: Path) -> None:
    engines = [open_one() for _ in range(4)]
    barrier = threading.Barrier(len(engines))

    def start(engine: Engine) -> int:
        barrier.wait(_PATIENCE)
        assert engine.context_tokens
        return _pid(weights)

    with ThreadPoolExecutor(len(engines)) as pool:
        assert len(set(pool.map(start, engines))) == 1
    assert meeting(weights).log.read_text().count(": starts with ") == 1


def test_the_socket_can_be_used_by_its_user_only(open_one: Callable[..., Engine], weights: Path) -> None:
    assert open_one().context_tokens
    place = meeting(weights)
    assert place.socket.parent.stat().st_mode & 0o777 == 0o700
    assert place.socket.stat().st_mode & 0o077 == 0
    assert place.log.stat().st_mode & 0o077 == 0


def test_a_long_home_does_not_break_the_socket(
    open_one: Callable[..., Engine], weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHELLPER_HOME", str(tmp_path / ("home" * 40) / ("home" * 40)))
    assert open_one().context_tokens > 0
    assert stop(weights)


def test_cancel_stops_the_host_too_and_the_next_request_is_served(
    open_one: Callable[..., Engine], weights: Path, expected: Expected
) -> None:
    engine = open_one()
    cancelled = threading.Event()
    with pytest.raises(GenerationCancelled):
        engine.generate(_ask(), lambda text: cancelled.set(), cancelled)
    pid = _pid(weights)
    assert engine.generate(_ask()).step == expected.generation.step
    assert _pid(weights) == pid


def test_an_error_in_the_callers_callback_leaves_the_engine_usable(open_one: Callable[..., Engine]) -> None:
    engine = open_one()

    def fail(text: str) -> None:
        raise KeyError(text)

    with pytest.raises(KeyError):
        engine.generate(_ask(), fail)
    assert engine.count_tokens(_ask()) > 0


def test_closing_from_another_thread_ends_a_generation(open_one: Callable[..., Engine]) -> None:
    engine = open_one()
    with pytest.raises(GenerationCancelled):
        engine.generate(_ask(), lambda text: engine.close())
    with pytest.raises(EngineError, match="was closed"):
        engine.context_tokens  # noqa: B018 (a property that asks the host)
        engine.generate(_ask())


def test_a_host_killed_in_mid_answer_is_started_once_more(
    open_one: Callable[..., Engine], weights: Path, expected: Expected
) -> None:
    killed: list[int] = []
    texts: list[str] = []

    def kill_once(text: str) -> None:
        texts.append(text)
        if not killed:
            killed.append(_pid(weights))
            os.kill(killed[0], signal.SIGKILL)

    assert open_one().generate(_ask(), kill_once).step == expected.generation.step
    assert _pid(weights) != killed[0]
    assert "".join(texts) == expected.text


def test_a_host_that_is_killed_again_is_one_line(open_one: Callable[..., Engine], weights: Path) -> None:
    engine = open_one()
    killed: list[int] = []

    def kill(text: str) -> None:
        # Text that was sent before it died still comes in.
        if (found := status(weights)) is not None:
            killed.append(found.pid)
            os.kill(found.pid, signal.SIGKILL)

    with pytest.raises(EngineError, match=r"the engine ended twice while it answered \(SIGKILL; .*mend: ") as caught:
        engine.generate(_ask(), kill)
    assert "\n" not in str(caught.value)
    assert len(set(killed)) == 2
    assert status(weights) is None
    assert engine.count_tokens(_ask()) > 0  # and it is not broken for ever


def test_a_dead_hosts_socket_is_no_obstacle(open_one: Callable[..., Engine], weights: Path) -> None:
    engine = open_one()
    assert engine.context_tokens
    pid = _pid(weights)
    os.kill(pid, signal.SIGKILL)
    _gone(pid)
    assert meeting(weights).socket.exists()
    assert engine.count_tokens(_ask()) > 0
    assert _pid(weights) != pid


def test_an_idle_host_ends_and_removes_its_socket(open_one: Callable[..., Engine], weights: Path) -> None:
    engine = open_one(idle_seconds=0.2)
    count = engine.count_tokens(_ask())
    stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    stream.connect(str(meeting(weights).socket))
    connection = Connection(stream)
    pid = connection.peer_pid
    with pytest.raises(ConnectionLostError):
        connection.receive(_PATIENCE)
    _gone(pid)
    assert status(weights) is None
    assert not meeting(weights).socket.exists()
    assert engine.count_tokens(_ask()) == count  # it comes back on demand


def test_status_and_stop(open_one: Callable[..., Engine], weights: Path) -> None:
    assert status(weights) is None
    assert not stop(weights)
    assert open_one().context_tokens
    pid = _pid(weights)
    assert stop(weights)
    _gone(pid)
    assert status(weights) is None
    assert not meeting(weights).socket.exists()


def test_a_stopped_process_is_ended_by_force(
    open_one: Callable[..., Engine], weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shellper.engine.client._STOP_SECONDS", 0.2)
    monkeypatch.setattr("shellper.engine.client._STATUS_SECONDS", 0.2)
    assert open_one().context_tokens
    pid = _pid(weights)
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(EngineError, match=f"process {pid}. does not answer"):
        status(weights)
    assert stop(weights)
    _gone(pid)


def test_a_host_of_other_weights_is_replaced(open_one: Callable[..., Engine], weights: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.gguf"
    shutil.copy(weights, copy)
    first = open_one(copy)
    assert first.context_tokens
    pid = _pid(copy)
    os.utime(copy, ns=(1, 1))
    found = status(copy)
    assert found is not None and not found.current
    assert open_one(copy).context_tokens
    assert _pid(copy) != pid
    assert first.count_tokens(_ask()) > 0
    assert stop(copy)


def test_weights_that_can_not_be_loaded_are_one_line(open_one: Callable[..., Engine], tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"no weights at .*w\.gguf .*mend: shellper model build"):
        open_one(tmp_path / "w.gguf")
    (tmp_path / "w.gguf").write_bytes(b"GGUF" + b"\0" * 100)
    for daemon in (True, False):
        with pytest.raises(EngineError, match=r"w\.gguf is not a model file .*mend: shellper model build") as caught:
            open_one(tmp_path / "w.gguf", daemon=daemon).generate(_ask())
        assert "\n" not in str(caught.value)


def test_a_host_that_dies_while_it_starts_is_one_line(
    open_one: Callable[..., Engine], weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "llama_cpp.py").write_text("import os, sys\nprint('boom', file=sys.stderr)\nos.abort()\n")
    monkeypatch.setattr("shellper.engine.launch._environment", lambda: {**os.environ, "PYTHONPATH": _path(tmp_path)})
    with pytest.raises(EngineError, match=r"ended while it started \(SIGABRT; its log .*engine.log ends with: boom\)"):
        open_one().context_tokens  # noqa: B018 (a property that asks the host)


def _path(tmp_path: Path) -> str:
    return os.pathsep.join([str(tmp_path / "broken"), str(Path(__file__).parents[2])])


def test_memory_is_bounded_over_many_turns(open_one: Callable[..., Engine], weights: Path) -> None:
    engine = open_one()
    sizes: list[int] = []
    for number in range(16):
        cancelled = threading.Event()
        output = Response("\n".join(f"file-{number}-{line}.txt" for line in range(8)))
        before = Turn("list", (Step(ToolCall("ls"), output),))
        with pytest.raises(GenerationCancelled):
            engine.generate(_ask(f"and {number}?", before), lambda text: cancelled.set(), cancelled)  # noqa: B023
        found = status(weights)
        assert found is not None
        sizes.append(found.memory_bytes)
    assert sizes[-1] - sizes[4] < 8 << 20, sizes


def test_a_child_engine_answers_and_ends_with_close(
    open_one: Callable[..., Engine], weights: Path, expected: Expected
) -> None:
    before = set(psutil.Process().children())
    engine = open_one(daemon=False)
    assert engine.generate(_ask()).step == expected.generation.step
    assert status(weights) is None
    (child,) = set(psutil.Process().children()) - before
    engine.close()
    assert not child.is_running()


def test_a_child_engine_that_is_killed_is_started_once_more(
    open_one: Callable[..., Engine], expected: Expected
) -> None:
    engine = open_one(daemon=False)
    before = set(psutil.Process().children())
    assert engine.context_tokens
    (child,) = set(psutil.Process().children()) - before
    killed: list[bool] = []

    def kill_once(text: str) -> None:
        if not killed:
            killed.append(True)
            child.kill()

    assert engine.generate(_ask(), kill_once).step == expected.generation.step
    assert killed


def test_a_child_engine_ends_with_its_client(home: Path, weights: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from shellper.engine import open_engine\n"
        "engine = open_engine(Path(sys.argv[1]), daemon=False)\n"
        "print(engine.context_tokens, flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(weights)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as client:
        assert client.stdout is not None and client.stdout.readline().strip().isdigit()
        (child,) = psutil.Process(client.pid).children()
        client.kill()
    child.wait(_PATIENCE)
    assert not child.is_running()


def test_the_host_outlives_its_client(home: Path, weights: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from shellper.engine import open_engine\n"
        "print(open_engine(Path(sys.argv[1])).context_tokens)"
    )
    subprocess.run([sys.executable, "-c", program, str(weights)], check=True, stdout=subprocess.DEVNULL)
    host = psutil.Process(_pid(weights))
    assert os.getsid(host.pid) == host.pid
    assert host.cwd() == "/"
    if sys.platform == "linux":
        assert Path(f"/proc/{host.pid}/fd/0").readlink() == Path("/dev/null")
    assert open_engine(weights).context_tokens > 0
    assert _pid(weights) == host.pid
    assert stop(weights)
