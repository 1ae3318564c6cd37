"""The engine as front ends use it: asked over a socket, started on demand, replaced when it has crashed."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shellper.calls import ToolCall
from shellper.dialect import Conversation
from shellper.engine.launch import START_SECONDS, Launch, how_it_ended, start_child, start_host
from shellper.engine.protocol import Engine, EngineError, Generation, GenerationCancelled
from shellper.engine.runtime import identity, meeting
from shellper.engine.serialize import conversation_to_json, generation_from_json
from shellper.engine.wire import Connection, ConnectionLostError, Message

_STATUS_SECONDS = 5.0
_STOP_SECONDS = 5.0
# Between two looks for a host that another client is starting, or that is still ending.
_RETRY_SECONDS = 0.05
_TRIES = 2


@dataclass(frozen=True)
class HostStatus:
    """What a running host says of itself.

    `state` is `loading`, `ready` or `busy`; `seconds` is its age, `idle_seconds` the quiet time after which it ends,
    `served` counts generations, `current` says whether it has the weights and the code that are on the disk.
    """

    pid: int
    state: str
    weights: Path
    memory_bytes: int
    context_tokens: int
    clients: int
    served: int
    seconds: float
    idle_seconds: float
    current: bool


class RemoteEngine(ABC):
    """An `Engine` in another process; safe to use from several threads, one request at a time.

    The process is started by the first use. When it is lost in mid-answer it is started once more and asked again;
    text that was streamed already is not streamed twice.
    """

    def __init__(self, launch: Launch) -> None:
        self._launch = launch
        self._connection: Connection | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._number = 0
        self._context_tokens = 0
        self._closed = False

    @abstractmethod
    def _connect(self, cancelled: threading.Event | None) -> Connection:
        """Return a connection to a host that is ready, started where need be."""

    def generate(
        self,
        conversation: Conversation,
        on_text: Callable[[str], None] | None = None,
        cancelled: threading.Event | None = None,
    ) -> Generation:
        """Return the model's next step."""
        relay = _Relay(on_text)
        reply = self._ask(
            {"op": "generate", "conversation": conversation_to_json(conversation)},
            relay,
            cancelled or threading.Event(),
        )
        return generation_from_json(reply["generation"])

    def choose(
        self,
        conversation: Conversation,
        calls: Sequence[ToolCall],
        least: float,
        cancelled: threading.Event | None = None,
    ) -> Generation | None:
        """Return the step that is the likeliest of some calls, if any is likely enough."""
        request = {
            "op": "choose",
            "conversation": conversation_to_json(conversation),
            "calls": [call.as_json() for call in calls],
            "least": least,
        }
        reply = self._ask(request, None, cancelled or threading.Event())
        return None if reply["generation"] is None else generation_from_json(reply["generation"])

    def count_tokens(self, conversation: Conversation) -> int:
        """Return how many tokens a conversation takes."""
        return int(self._ask({"op": "count", "conversation": conversation_to_json(conversation)})["tokens"])

    def cut_output(self, text: str) -> str:
        """Return a command's output cut to the tokens that the model is given for it."""
        return str(self._ask({"op": "cut", "text": text})["text"])

    @property
    def context_tokens(self) -> int:
        """How many tokens a conversation may take; asking for it starts the engine."""
        if not self._context_tokens:
            self._context_tokens = int(self._ask({"op": "ready"})["status"]["context_tokens"])
        return self._context_tokens

    def close(self) -> None:
        """Let go of the engine; a generation that runs in another thread is cancelled."""
        self._closed = True
        if (connection := self._connection) is not None:
            connection.close()

    def _ask(self, request: Message, relay: _Relay | None = None, cancelled: threading.Event | None = None) -> Message:
        """Send a request and return its last reply; once more where the host is lost meanwhile."""
        with self._lock:
            for attempt in range(_TRIES):
                connection = self._connected(cancelled)
                try:
                    return self._talk(connection, request, relay or _Relay(None), cancelled)
                except (ConnectionLostError, ValueError) as error:
                    self._connection = None
                    if self._closed:
                        raise GenerationCancelled from error
                    if attempt + 1 == _TRIES:
                        how = how_it_ended(self._process, self._launch.log)
                        raise EngineError(
                            f"the engine ended twice while it answered ({how}); mend: shellper model verify"
                        ) from error
            raise AssertionError("unreachable")

    def _connected(self, cancelled: threading.Event | None) -> Connection:
        """Return the connection, a new one where the host has ended since the last request."""
        if self._closed:
            raise EngineError("the engine was closed")
        if self._connection is None or self._connection.ended:
            self._connection = self._connect(cancelled)
        return self._connection

    def _talk(
        self, connection: Connection, request: Message, relay: _Relay, cancelled: threading.Event | None
    ) -> Message:
        """Send a request, read its replies; raises `ConnectionLostError`, or `ValueError` for what can't be read."""
        self._number += 1
        number = self._number
        connection.send({**request, "id": number})
        relay.begin()
        try:
            while True:
                reply = connection.receive(cancelled=cancelled)
                if reply.get("id") != number:
                    continue  # of an earlier request that was cancelled
                event = reply.get("event")
                if event == "text":
                    relay.take(str(reply["text"]))
                elif event == "done":
                    return reply
                elif event == "cancelled":
                    raise GenerationCancelled
                else:
                    raise EngineError(str(reply.get("message")))
        except (ConnectionLostError, ValueError, EngineError):
            raise
        except BaseException:
            # The caller gives up (cancelled, Ctrl+C, an error in on_text): the host need not go on.
            with contextlib.suppress(ConnectionLostError):
                connection.send({"op": "cancel", "id": number})
            raise


class _Relay:
    """Passes streamed text on, without what was passed on before the host was lost."""

    def __init__(self, on_text: Callable[[str], None] | None) -> None:
        self._on_text = on_text
        self._passed = 0
        self._again = 0

    def begin(self) -> None:
        """Expect the text from its beginning."""
        self._again = self._passed

    def take(self, text: str) -> None:
        """Pass on what is new; decoding is greedy, so the same text comes again."""
        known = min(self._again, len(text))
        self._again -= known
        if self._on_text is not None and (new := text[known:]):
            self._passed += len(new)
            self._on_text(new)


class DaemonEngine(RemoteEngine):
    """An `Engine` in the host that all clients of the same weights share."""

    def _connect(self, cancelled: threading.Event | None) -> Connection:
        place = meeting(self._launch.weights)
        wanted = identity(self._launch.weights)
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            connection = _reach(place.socket)
            if connection is None:
                # Reaped here, since a host that was replaced is still our child.
                if self._process is not None:
                    self._process.poll()
                self._process = start_host(self._launch, place.socket, place.lock, cancelled)
                connection = _reach(place.socket)
            if connection is None:
                time.sleep(_RETRY_SECONDS)
                continue
            with contextlib.suppress(ConnectionLostError, ValueError, TimeoutError):
                connection.send({"op": "ready"})
                reply = connection.receive(until - time.monotonic(), cancelled)
                if reply.get("event") == "done" and reply["status"].get("identity") == wanted:
                    return connection
                _end(connection)
        raise EngineError(
            f"no engine got ready in {START_SECONDS:.0f} seconds; mend: shellper engine stop; its log is {place.log}"
        )


class ChildEngine(RemoteEngine):
    """An `Engine` in a child process that ends with this one."""

    def _connect(self, cancelled: threading.Event | None) -> Connection:
        self._end_child()
        self._process, connection = start_child(self._launch, cancelled)
        return connection

    def close(self) -> None:
        """End the child."""
        super().close()
        self._end_child()

    def _end_child(self) -> None:
        """Wait for the child, whose connection is closed."""
        process, self._process = self._process, None
        if process is None:
            return
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def open_engine(weights: Path, *, daemon: bool = True, idle_seconds: float = 600, threads: int | None = None) -> Engine:
    """Return the engine of some weights, in the shared host or (not `daemon`) in a child process.

    Its process is started by the first use. `idle_seconds` and `threads` (None or 0: one a physical core, at most 4)
    hold for a host that this client starts. Raises `EngineError` where there are no weights.
    """
    weights = weights.absolute()
    identity(weights)
    launch = Launch(weights, meeting(weights).log, idle_seconds, threads)
    return DaemonEngine(launch) if daemon else ChildEngine(launch)


def status(weights: Path) -> HostStatus | None:
    """Return what the host of some weights says of itself, None where none runs.

    Raises `EngineError` where it does not answer.
    """
    connection = _reach(meeting(weights.absolute()).socket)
    if connection is None:
        return None
    try:
        connection.send({"op": "status"})
        return _status(connection.receive(_STATUS_SECONDS)["status"], weights)
    except ConnectionLostError:
        return None
    except (TimeoutError, ValueError, KeyError) as error:
        raise EngineError(
            f"the engine (process {connection.peer_pid}) does not answer; mend: shellper engine stop"
        ) from error
    finally:
        connection.close()


def stop(weights: Path) -> bool:
    """End the host of some weights, by force where it does not answer, and say whether one ran."""
    connection = _reach(meeting(weights.absolute()).socket)
    if connection is None:
        return False
    _end(connection)
    return True


def _status(said: Any, weights: Path) -> HostStatus:
    """Read a status; raises `KeyError` where it is another version's."""
    try:
        current = said["identity"] == identity(weights)
    except EngineError:
        current = False
    return HostStatus(
        pid=said["pid"],
        state=said["state"],
        weights=Path(said["weights"]),
        memory_bytes=said["memory_bytes"],
        context_tokens=said["context_tokens"],
        clients=said["clients"],
        served=said["served"],
        seconds=said["seconds"],
        idle_seconds=said["idle_seconds"],
        current=current,
    )


def _reach(path: Path) -> Connection | None:
    """Connect to a host, None where nothing listens.

    Raises `EngineError` where the host is another user's.
    """
    stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        stream.connect(str(path))
    except OSError:
        stream.close()
        return None
    connection = Connection(stream)
    if connection.peer_uid != os.geteuid():
        connection.close()
        raise EngineError(f"the engine at {path} is not yours (user {connection.peer_uid}); mend: remove {path}")
    return connection


def _end(connection: Connection) -> None:
    """Ask a host to end and wait until it is gone; kill it where it does not go."""
    pid = connection.peer_pid
    until = time.monotonic() + _STOP_SECONDS
    with contextlib.suppress(ConnectionLostError):
        try:
            connection.send({"op": "stop"})
            while True:
                with contextlib.suppress(ValueError):
                    connection.receive(max(0.0, until - time.monotonic()))
        except TimeoutError:
            if pid:
                os.kill(pid, signal.SIGKILL)
    connection.close()
