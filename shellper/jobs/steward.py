"""The steward of one job: it holds the launcher, takes what the job prints, and writes down its end.

It runs in a session of its own, outside the walls, from the moment the user keeps the job to the job's end. SIGTERM
ends the job: SIGTERM to all its processes, two seconds later SIGKILL. When the steward itself is killed, the launcher
sees its socket close and ends the job.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

from shellper.jobs.output import OutputFile
from shellper.jobs.record import JobState, read_record, write_record, write_steward
from shellper.sandbox import Holding, Kept

_TERM_SECONDS = 2.0
_KILL_SECONDS = 6.0  # for the launcher to have ended all; it gives up by itself after 5
_DRAIN_SECONDS = 1.0  # to read what lies in the pipes when all writers are dead
_READ_BYTES = 64 * 1024


def main() -> None:
    """Read from the standard input what is to be kept, and keep it to its end."""
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)
    os.umask(0o077)
    spec = json.load(sys.stdin)
    steward = _Steward(spec)
    os.write(spec["report"], b"%d" % steward.number)
    os.close(spec["report"])
    steward.serve()


class _Steward:
    """A job, and what its steward knows of it."""

    def __init__(self, spec: dict[str, Any]) -> None:
        self._kept = Kept(spec["control"], Holding(**spec["holding"]))
        self._stopping = False
        self._next_step = 0.0
        self._steps = iter((self._kept.end, self._kept.kill_launcher))
        self._wake = _wake_on(signal.SIGTERM, self._stop)
        self._outputs = list(spec["outputs"])
        self._selector = selectors.DefaultSelector()
        for descriptor in (self._kept.control, self._wake, *self._outputs):
            os.set_blocking(descriptor, False)
            self._selector.register(descriptor, selectors.EVENT_READ)
        write_steward(Path(spec["folder"]))
        self._folder, self.number = _numbered(Path(spec["folder"]))
        self._record = read_record(self._folder)
        self._output = OutputFile(self._folder)

    def serve(self) -> None:
        """Keep the job to its end."""
        while not self._kept.lost:
            self._wait(max(0.0, self._next_step - time.monotonic()) if self._stopping else None)
            if self._stopping and time.monotonic() >= self._next_step:
                next(self._steps, self._kept.kill_launcher)()
                self._next_step = time.monotonic() + _KILL_SECONDS
        until = time.monotonic() + _DRAIN_SECONDS
        while self._outputs and (left := until - time.monotonic()) > 0:
            self._wait(left)
        self._kept.clear()
        self._write(
            replace(
                self._record,
                state=JobState.STOPPED if self._stopping else JobState.ENDED,
                ended=time.time(),
                exit_code=self._kept.exit_code,
            )
        )

    def _stop(self, number: int, frame: FrameType | None) -> None:
        if not self._stopping:
            self._stopping = True
            self._next_step = time.monotonic() + _TERM_SECONDS
            self._kept.terminate()

    def _wait(self, patience: float | None) -> None:
        for key, _ in self._selector.select(patience):
            if key.fd == self._kept.control:
                self._kept.listen()
                if self._kept.lost:
                    self._selector.unregister(key.fd)
            elif key.fd == self._wake:
                os.read(self._wake, 64)
            else:
                self._read(key.fd)

    def _read(self, descriptor: int) -> None:
        try:
            data = os.read(descriptor, _READ_BYTES)
        except BlockingIOError:
            return
        if not data:
            self._selector.unregister(descriptor)
            self._outputs.remove(descriptor)
        elif self._output.add(data):
            self._write(replace(self._record, left_out_bytes=self._output.left_out))

    def _write(self, record: Any) -> None:
        """Write the record anew; on a full disk the one that is there stays."""
        self._record = record
        with contextlib.suppress(OSError):
            write_record(self._folder, record)


def _numbered(folder: Path) -> tuple[Path, int]:
    """Give a new folder the next free number; two stewards that want the same one don't get it both."""
    while True:
        number = max((int(one.name) for one in folder.parent.iterdir() if one.name.isdecimal()), default=0) + 1
        try:
            return folder.rename(folder.with_name(str(number))), number
        except OSError:
            if not folder.with_name(str(number)).exists():
                raise


def _wake_on(number: int, action: Any) -> int:
    """Have a signal do something at once, and make a pipe that can be read from when it came."""
    wake, write = os.pipe()
    os.set_blocking(write, False)
    signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    signal.signal(number, action)
    return wake
