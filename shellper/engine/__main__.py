"""The host's process: `python -m shellper.engine`, started by a client."""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import json
import os
import signal
import socket
import sys
import threading
import time
import traceback
from pathlib import Path

from shellper.engine.host import Host
from shellper.engine.protocol import Engine, EngineError
from shellper.engine.runtime import identity
from shellper.engine.wire import Connection, Message

_FAILED = 70  # sysexits.h: internal software error
_BACKLOG = 16


def main() -> int:
    """Serve until the end; the exit code is 0 when the engine could be loaded or another host serves already."""
    os.umask(0o077)
    threading.excepthook = _crash
    options = _options()
    if options.connection is not None:
        only = Connection(socket.socket(fileno=options.connection))
        return _serve(options, None, only)
    lock = _lock(options.lock)
    if lock is None:
        _report(options.report, {"taken": True})
        return 0
    with _listener(options.socket) as listener:
        own = options.socket.stat().st_ino
        try:
            return _serve(options, listener, None)
        finally:
            # Another file by that name belongs to someone else: leave it.
            with contextlib.suppress(FileNotFoundError):
                if options.socket.stat().st_ino == own:
                    options.socket.unlink()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m shellper.engine", description=__doc__)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--idle", type=float, default=600.0)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--socket", type=Path)
    parser.add_argument("--lock", type=Path)
    parser.add_argument("--connection", type=int)
    parser.add_argument("--report", type=int, required=True)
    return parser.parse_args()


def _serve(options: argparse.Namespace, listener: socket.socket | None, only: Connection | None) -> int:
    """Serve clients until the end."""
    try:
        mark = identity(options.weights)
    except EngineError as error:
        _report(options.report, {"error": str(error)})
        return 1
    started = time.monotonic()

    def load() -> Engine:
        from shellper.engine.direct import DirectEngine

        return DirectEngine(options.weights, threads=options.threads or None)

    def loaded(failure: str | None) -> None:
        _log(f"ready after {time.monotonic() - started:.2f} seconds" if failure is None else "not loaded")
        _report(options.report, {"ready": True} if failure is None else {"error": failure})

    def facts() -> Message:
        import psutil

        memory = psutil.Process().memory_info().rss
        return {"identity": mark, "weights": str(options.weights), "memory_bytes": memory}

    host = Host(load, idle_seconds=options.idle, facts=facts, loaded=loaded, log=_log)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, frame: host.stop(signal.Signals(number).name))
    _log(f"starts with {options.weights}")
    return 0 if host.serve(listener, only) else 1


def _lock(path: Path) -> int | None:
    """Take the lock that a host holds while it lives, or return None where another one does."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def _listener(path: Path) -> socket.socket:
    """Listen on a path; the lock is held, so a socket that lies there is a dead host's."""
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    listener.listen(_BACKLOG)
    listener.setblocking(False)
    return listener


def _report(descriptor: int, report: Message) -> None:
    """Tell the starter, who may be gone, how the start went."""
    with contextlib.suppress(BrokenPipeError):
        os.write(descriptor, json.dumps(report).encode() + b"\n")
    os.close(descriptor)


def _log(line: str) -> None:
    """Write a line to the log, which is the standard error."""
    print(f"{time.strftime('%Y-%m-%d %H:%M:%S')} engine {os.getpid()}: {line}", file=sys.stderr, flush=True)


def _crash(failure: threading.ExceptHookArgs) -> None:
    """End the host on an unexpected error of a thread: its clients see that, and start another."""
    _log("".join(traceback.format_exception(failure.exc_type, failure.exc_value, failure.exc_traceback)))
    _log(f"error: {failure.exc_type.__name__}: {failure.exc_value}")
    os._exit(_FAILED)


if __name__ == "__main__":
    sys.exit(main())
