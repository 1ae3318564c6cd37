"""Starting a host: a detached one that outlives the client, or a child that ends with it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shellper.engine.protocol import EngineError
from shellper.engine.runtime import last_line, open_log
from shellper.engine.wire import Connection, wait_readable

START_SECONDS = 60.0
_REPORT_BYTES = 4096


@dataclass(frozen=True)
class Launch:
    """What a host is started with."""

    weights: Path
    log: Path
    idle_seconds: float
    threads: int | None

    @property
    def arguments(self) -> list[str]:
        """The command line of the host, without its connection."""
        return ["--weights", str(self.weights), "--idle", str(self.idle_seconds), "--threads", str(self.threads or 0)]


def start_host(launch: Launch, path: Path, lock: Path, cancelled: threading.Event | None) -> subprocess.Popen[bytes]:
    """Start a detached host and wait until it is ready, or until it has found that another one holds the lock.

    Raises `EngineError` where it ends before, and `GenerationCancelled`; a host that is starting then goes on with it.
    """
    return _start(launch, ["--socket", str(path), "--lock", str(lock)], (), cancelled)


def start_child(launch: Launch, cancelled: threading.Event | None) -> tuple[subprocess.Popen[bytes], Connection]:
    """Start a host that serves one connection and ends with it, and wait until it is ready.

    Raises `EngineError` and `GenerationCancelled`.
    """
    ours, theirs = socket.socketpair()
    with theirs:
        process = _start(launch, ["--connection", str(theirs.fileno())], (theirs.fileno(),), cancelled)
    return process, Connection(ours)


def _start(
    launch: Launch, connection: Sequence[str], passed: Sequence[int], cancelled: threading.Event | None
) -> subprocess.Popen[bytes]:
    """Start a host process and wait for its report."""
    if not sys.executable:
        raise EngineError("the Python interpreter can't be found; mend: start shellper by its own command")
    listening, reporting = os.pipe()
    log = open_log(launch.log)
    try:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "shellper.engine", *launch.arguments, *connection, "--report", str(reporting)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            env=_environment(),
            start_new_session=True,
            pass_fds=(*passed, reporting),
        )
    except OSError as error:
        os.close(listening)
        raise EngineError(f"the engine can't be started ({error.strerror}); mend: close some programs") from error
    finally:
        os.close(log)
        os.close(reporting)
    with os.fdopen(listening, "rb", buffering=0) as pipe:
        report = _report(pipe.fileno(), process, launch, cancelled)
    if "error" in report:
        process.wait()
        raise EngineError(str(report["error"]))
    return process


def _environment() -> dict[str, str]:
    """Return the environment of a host, which has to find this very package from another folder."""
    package = str(Path(__file__).resolve().parent.parent.parent)
    others = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": f"{package}{os.pathsep}{others}" if others else package}


def _report(
    pipe: int, process: subprocess.Popen[bytes], launch: Launch, cancelled: threading.Event | None
) -> dict[str, Any]:
    """Read the one line that a host reports when it is ready or has failed."""
    until = time.monotonic() + START_SECONDS
    said = b""
    while not said.endswith(b"\n"):
        try:
            wait_readable(pipe, until, cancelled)
        except TimeoutError:
            process.kill()
            process.wait()
            raise EngineError(
                f"the engine was not ready after {START_SECONDS:.0f} seconds and was ended; its log is {launch.log}"
            ) from None
        data = os.read(pipe, _REPORT_BYTES)
        if not data:
            raise EngineError(f"the engine ended while it started ({how_it_ended(process, launch.log)})")
        said += data
    report: dict[str, Any] = json.loads(said)
    return report


def how_it_ended(process: subprocess.Popen[bytes] | None, log: Path) -> str:
    """Say how a host ended, for one line: its signal or exit code where it was our child, and its last words."""
    words = f"its log {log} ends with: {last_line(log) or 'nothing'}"
    if process is None:
        return words
    try:
        code = process.wait(timeout=2)
    except subprocess.TimeoutExpired:
        return words
    if code >= 0:
        return f"exit code {code}; {words}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    mend = "; llama-cpp-python was built for another processor: reinstall it" if name == "SIGILL" else ""
    return f"{name}{mend}; {words}"
