"""Nothing outlives its command: time limit, cancelling, daemons, and what happens when a part is killed."""

import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from textwrap import dedent

import psutil
import pytest

from shellper.sandbox import Policy, SandboxLevel, Stopping, run
from shellper.sandbox.strays import end_strays

from .conftest import BUBBLEWRAP, each_level, python


@pytest.fixture(params=[*SandboxLevel, BUBBLEWRAP])
def level(request: pytest.FixtureRequest) -> SandboxLevel:
    return each_level(request)


ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has subreapers")

# A process that has left its parent, its session and the output pipes; it is there when the program has ended.
DAEMON = """
import os, signal
ready, done = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        null = os.open("/dev/null", os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(null, descriptor)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        os.write(done, b"x")
        while True:
            signal.pause()
    os._exit(0)
os.read(ready, 1)
"""


@pytest.fixture
def mark() -> str:
    """A number of seconds to sleep that nobody else sleeps: processes have other numbers inside the sandbox."""
    return f"600.{uuid.uuid4().int % 10**15:015}"


def alive(mark: str) -> list[str]:
    """Return the names of the processes that have a mark among their words."""
    found = []
    for process in psutil.process_iter(["cmdline", "name", "status"]):
        words, status = process.info["cmdline"] or [], process.info["status"]
        if any(mark in word for word in words) and status != psutil.STATUS_ZOMBIE:
            found.append(process.info["name"])
    return found


def daemon(mark: str) -> str:
    """Return the command that leaves a daemon."""
    return f"{python(DAEMON)} {mark}"


class Look:
    """Sees which processes live as soon as the command says so."""

    def __init__(self, mark: str) -> None:
        self._mark = mark
        self.seen: list[str] = []

    def __call__(self) -> None:
        self.seen = alive(self._mark)


class WhenSaid:
    """An `on_output` that does something as soon as the command has said a word."""

    def __init__(self, word: str, action: Callable[[], object]) -> None:
        self._word, self._action, self._heard = word, action, ""

    def __call__(self, stream: str, text: str) -> None:
        was_heard = self._word in self._heard
        self._heard += text
        if self._word in self._heard and not was_heard:
            self._action()


def test_time_limit_ends_the_command(policy: Policy) -> None:
    result = run("echo before; sleep 100; echo after", replace(policy, time_limit=2))
    assert (result.exit_code, result.timed_out, result.cancelled) == (124, True, False)
    assert result.stdout.text == "before\n"
    assert result.duration >= 2


def test_command_may_clean_up_when_time_is_over(policy: Policy) -> None:
    command = "trap 'echo cleaned; exit 0' INT; while :; do sleep 0.05; done"
    result = run(command, replace(policy, time_limit=1))
    assert (result.exit_code, result.stdout.text) == (124, "cleaned\n")


def test_command_that_ignores_signals_is_killed(policy: Policy, mark: str) -> None:
    command = f"trap 'echo INT' INT; trap 'echo TERM' TERM; echo ready; while :; do sleep 0.05; done # {mark}"
    look = Look(mark)
    result = run(command, replace(policy, time_limit=2), WhenSaid("ready", look))
    assert (result.exit_code, result.stdout.text.split()) == (124, ["ready", "INT", "TERM"])
    assert "bash" in look.seen
    assert alive(mark) == []


def test_stopped_command_is_ended(policy: Policy) -> None:
    result = run("kill -STOP $$", replace(policy, time_limit=0.3))
    assert result.exit_code == 124


def test_no_time_limit_is_possible(policy: Policy) -> None:
    assert run("sleep 0.2", replace(policy, time_limit=None)).exit_code == 0


def test_cancel_from_another_thread(policy: Policy, mark: str) -> None:
    said, cancelled = threading.Event(), threading.Event()

    def cancel() -> None:
        said.wait(60)
        cancelled.set()

    thread = threading.Thread(target=cancel)
    thread.start()
    result = run(f"echo ready; sleep {mark}", policy, WhenSaid("ready", said.set), cancelled)
    thread.join()
    assert (result.exit_code, result.cancelled, result.timed_out) == (130, True, False)
    assert alive(mark) == []


def test_what_is_cancelled_before_the_start_is_not_run(policy: Policy, folder: Path) -> None:
    cancelled = threading.Event()
    cancelled.set()
    result = run("touch here", policy, cancelled=cancelled)
    assert (result.exit_code, result.cancelled) == (130, True)
    assert list(folder.iterdir()) == []


def test_unused_cancel_changes_nothing(policy: Policy) -> None:
    result = run("sleep 0.2; exit 3", policy, cancelled=threading.Event())
    assert (result.exit_code, result.cancelled) == (3, False)


def test_keyboard_interrupt_ends_the_tree(policy: Policy, mark: str) -> None:
    look = Look(mark)

    def interrupt() -> None:
        look()
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        run(f"sleep {mark} & echo ready; wait", policy, WhenSaid("ready", interrupt))
    assert "bash" in look.seen
    assert alive(mark) == []


def test_interrupted_command_may_clean_up(policy: Policy, folder: Path) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    command = "trap 'touch cleaned; exit' INT; echo ready; while :; do sleep 0.02; done"
    with pytest.raises(KeyboardInterrupt):
        run(command, policy, WhenSaid("ready", interrupt))
    assert (folder / "cleaned").exists()


def test_failing_callback_ends_the_tree_and_is_heard(policy: Policy, mark: str) -> None:
    def fail() -> None:
        raise RuntimeError("the screen is gone")

    with pytest.raises(RuntimeError, match="the screen is gone"):
        run(f"echo ready; sleep {mark}", policy, WhenSaid("ready", fail))
    assert alive(mark) == []


@ON_LINUX
def test_daemon_ends_with_its_command(policy: Policy, mark: str) -> None:
    seen: list[str] = []

    def look() -> None:
        seen.extend(alive(mark))
        (policy.folder / "seen").touch()

    command = f"{daemon(mark)}; echo ready; until [ -e seen ]; do sleep 0.01; done"
    assert run(command, policy, WhenSaid("ready", look)).exit_code == 0
    assert any(name.startswith("python") for name in seen)
    assert alive(mark) == []


@ON_LINUX
def test_daemon_ends_when_its_command_is_cancelled(policy: Policy, mark: str) -> None:
    cancelled = threading.Event()
    result = run(f"{daemon(mark)}; echo ready; sleep 100", policy, WhenSaid("ready", cancelled.set), cancelled)
    assert result.exit_code == 130
    assert alive(mark) == []


def test_background_child_that_holds_the_pipe_does_not_hang_the_run(policy: Policy, mark: str) -> None:
    result = run(f"sleep {mark} & exit 5", policy)
    assert (result.exit_code, result.timed_out) == (5, False)
    assert alive(mark) == []


def test_background_child_has_a_moment_to_finish(policy: Policy) -> None:
    assert run("(sleep 0.1; echo late) & echo early", policy).stdout.text == "early\nlate\n"


def test_background_child_that_floods_the_pipe_does_not_hang_the_run(policy: Policy) -> None:
    result = run("yes & exit 6", policy)
    assert result.exit_code == 6


def test_background_child_without_the_pipe_ends(policy: Policy, mark: str) -> None:
    assert run(f"nohup sleep {mark} >/dev/null 2>&1 &", policy).exit_code == 0
    assert alive(mark) == []


def test_many_children_end(policy: Policy, mark: str) -> None:
    result = run(f"for i in $(seq 150); do sleep {mark} >/dev/null 2>&1 & echo $!; done", policy)
    assert len(result.stdout.text.split()) == 150
    assert alive(mark) == []


def test_forking_without_end_is_ended(policy: Policy, folder: Path) -> None:
    # A bomb with a fuse: each process forks and exits, so that no list of pids stays true.
    program = """
    import os, time
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if os.fork():
            os._exit(0)
        os.setsid()
    """
    result = run(f"{python(program)}; sleep 0.2; echo over", policy)
    assert result.stdout.text == "over\n"
    mark = str(folder).encode()
    assert not [process for process in psutil.process_iter() if mark in folder_of(process)]


def folder_of(process: psutil.Process) -> bytes:
    try:
        return os.fsencode(process.cwd())
    except (psutil.Error, OSError):
        return b""


@ON_LINUX
def test_command_that_signals_its_launcher_loses_nothing(policy: Policy) -> None:
    result = run("for s in INT TERM HUP QUIT; do kill -$s $PPID; done; echo still here", policy)
    assert (result.exit_code, result.stdout.text) == (0, "still here\n")


@ON_LINUX
def test_command_can_kill_its_launcher_only_without_walls(policy: Policy, mark: str, level: SandboxLevel) -> None:
    result = run(f"{daemon(mark)}; sleep {mark} & kill -9 $PPID; sleep 0.2; echo still here; exit 3", policy)
    if level is SandboxLevel.NONE:
        assert (result.exit_code, result.stdout.text) == (137, "")
    else:
        assert (result.exit_code, result.stdout.text) == (3, "still here\n")
    assert alive(mark) == []


def test_signal_to_the_own_group_does_not_reach_us(policy: Policy) -> None:
    assert run("kill -TERM 0", policy).exit_code == 143


@ON_LINUX
def test_command_ends_when_the_main_program_is_killed(policy: Policy, level: SandboxLevel, mark: str) -> None:
    program = f"""
        from pathlib import Path
        from shellper.sandbox import Policy, SandboxLevel, run
        policy = Policy(Path({str(policy.folder)!r}), Path("/"), SandboxLevel({str(level)!r}))
        run("sleep {mark} & echo ready; wait", policy, lambda stream, text: print(text, end="", flush=True))
    """
    main = subprocess.Popen([sys.executable, "-c", dedent(program)], stdout=subprocess.PIPE, text=True)
    assert main.stdout is not None
    with main.stdout:
        assert main.stdout.readline() == "ready\n"
    before = alive(mark)
    main.kill()
    main.wait()
    assert "bash" in before
    until = time.monotonic() + 60
    while alive(mark) and time.monotonic() < until:
        time.sleep(0.05)
    assert alive(mark) == []


def test_strays_are_found_by_their_mark() -> None:
    """What stands in for the subreaper on macOS."""
    command = [sys.executable, "-I", "-S", "-c", "print(flush=True); import signal; signal.pause()"]
    environment = {"SHELLPER_RUN": "a-mark"}
    stray = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, start_new_session=True)
    assert stray.stdout is not None
    with stray.stdout:
        stray.stdout.readline()
        end_strays("a-mark", session=2**22)
    assert stray.wait(20) == -signal.SIGKILL


def test_no_descriptor_and_no_child_is_left_here(policy: Policy) -> None:
    me = psutil.Process()
    run("true", policy)
    before, children = me.num_fds(), me.children()
    for command in ("true", "sleep 100 & exit 1", "echo x; kill -9 $$"):
        run(command, policy)
    assert me.num_fds() == before
    assert me.children() == children


def test_killing_ends_a_silent_tree_that_heeds_nothing(
    policy: Policy, mark: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_module("shellper.sandbox.run"), "_ASK_PATIENCE", 1e6)
    stopping = Stopping()
    asked = threading.Event()

    def ask_then_kill() -> None:
        while not alive(mark):
            time.sleep(0.02)
        stopping.set()
        asked.wait(0.3)
        stopping.kill()

    thread = threading.Thread(target=ask_then_kill)
    thread.start()
    result = run(f"trap '' INT TERM; sleep {mark} & sleep {mark}; sleep {mark}", policy, cancelled=stopping)
    thread.join()
    assert result.cancelled and result.exit_code == 130
    assert alive(mark) == []
