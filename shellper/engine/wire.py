"""One connection between a client and a host: JSON objects, one a line, over a UNIX socket."""

from __future__ import annotations

import ctypes
import json
import select
import socket
import struct
import sys
import threading
import time
from collections.abc import Mapping
from typing import Any

from shellper.engine.protocol import GenerationCancelled

MAX_LINE = 64 << 20
# How often a wait looks at the cancel event, which can't be waited for together with a socket.
_GLANCE = 0.05
_SEND_SECONDS = 10
_BLOCK = 1 << 16
# <sys/un.h>: the options of macOS's level SOL_LOCAL (0).
_LOCAL_PEERPID = 0x002

Message = dict[str, Any]


class ConnectionLostError(Exception):
    """The other side is gone."""


class Connection:
    """A socket that carries JSON lines; sending is safe from several threads, receiving is for one."""

    def __init__(self, stream: socket.socket) -> None:
        self._socket = stream
        self._socket.setblocking(True)
        # A peer that does not read must not hold the host for ever; struct timeval is two longs (padded on macOS).
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", _SEND_SECONDS, 0))
        self._received = bytearray()
        self._searched = 0
        self._sending = threading.Lock()

    def send(self, message: Mapping[str, Any]) -> None:
        """Send an object; raises `ConnectionLostError`."""
        line = json.dumps(message, separators=(",", ":")).encode() + b"\n"
        with self._sending:
            try:
                self._socket.sendall(line)
            except OSError as error:
                # Half a line may have gone out, so nothing more can be said on this connection.
                self.close()
                raise ConnectionLostError(str(error)) from error

    def receive(self, seconds: float | None = None, cancelled: threading.Event | None = None) -> Message:
        """Return the next object.

        Raises `ConnectionLostError`, `TimeoutError`, `GenerationCancelled`; `ValueError` for a line that is no object.
        """
        until = None if seconds is None else time.monotonic() + seconds
        while True:
            if (line := self._next_line()) is not None:
                message = json.loads(line)
                if not isinstance(message, dict):
                    raise ValueError("a message is a JSON object")
                return message
            if len(self._received) > MAX_LINE:
                raise ConnectionLostError("a line is too long")
            wait_readable(self._socket.fileno(), until, cancelled)
            self._fill()

    def _next_line(self) -> bytes | None:
        """Take a whole line from what was received."""
        end = self._received.find(b"\n", self._searched)
        if end < 0:
            self._searched = len(self._received)
            return None
        line = bytes(self._received[:end])
        del self._received[: end + 1]
        self._searched = 0
        return line

    def _fill(self) -> None:
        try:
            data = self._socket.recv(_BLOCK)
        except OSError as error:
            raise ConnectionLostError(str(error)) from error
        if not data:
            raise ConnectionLostError("the other side closed the connection")
        self._received += data

    @property
    def ended(self) -> bool:
        """Whether the other side has closed the connection and nothing is left to read."""
        if self._received:
            return False
        try:
            return self._socket.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True

    @property
    def peer_uid(self) -> int:
        """The user on the other side; -1 where the system can't tell."""
        if hasattr(socket, "SO_PEERCRED"):
            return self._peer_credentials()[1]
        uid, gid = ctypes.c_uint32(), ctypes.c_uint32()
        failed = ctypes.CDLL(None).getpeereid(self._socket.fileno(), ctypes.byref(uid), ctypes.byref(gid))
        return -1 if failed else uid.value

    @property
    def peer_pid(self) -> int:
        """The process that made the other side; 0 where the system can't tell."""
        if hasattr(socket, "SO_PEERCRED"):
            return self._peer_credentials()[0]
        if sys.platform == "darwin":
            return int(self._socket.getsockopt(0, _LOCAL_PEERPID))
        return 0

    def _peer_credentials(self) -> tuple[int, int, int]:
        """Return Linux's struct ucred: pid, uid, gid (unix(7))."""
        size = struct.calcsize("3i")
        pid, uid, gid = struct.unpack("3i", self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
        return pid, uid, gid

    def close(self) -> None:
        """End the connection, also for a thread that is receiving."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # closed already, by either side

    def __del__(self) -> None:
        # Not in `close`: the descriptor's number could become another file's while a thread still waits on it.
        self._socket.close()


def wait_readable(descriptor: int, until: float | None, cancelled: threading.Event | None) -> None:
    """Wait until a descriptor can be read, or has ended.

    `until` is on the monotonic clock. Raises `TimeoutError` and `GenerationCancelled`; an end is no error.
    """
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    while True:
        if cancelled is not None and cancelled.is_set():
            raise GenerationCancelled
        left = None if until is None else until - time.monotonic()
        if left is not None and left <= 0:
            raise TimeoutError
        glance = _GLANCE if cancelled is not None else None
        waits = [wait for wait in (left, glance) if wait is not None]
        if poll.poll(min(waits) * 1000 if waits else None):
            return
