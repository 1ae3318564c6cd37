"""The host: one loaded engine, served to clients on a UNIX socket or on one connection, one generation at a time.

A request is `{"id", "op"}`, with `conversation` for `generate`, `choose` (which has `calls` and `least`, too) and
`count`, `text` for `cut`; `ready` (answered once the engine is loaded), `status` and `stop` take nothing, `cancel`
takes the id of a `generate` or a `choose`. Replies carry the request's id and an `event`: any number of `text`, then
one of `done`, `cancelled` and `error` (a one-line `message`).
"""

from __future__ import annotations

import contextlib
import os
import queue
import select
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from shellper.calls import ToolCall, load_catalogue
from shellper.dialect import Conversation
from shellper.engine.protocol import Engine, EngineError, Generation, GenerationCancelled
from shellper.engine.serialize import conversation_from_json, generation_to_json
from shellper.engine.wire import Connection, ConnectionLostError, Message

_END_SECONDS = 5.0


@dataclass(frozen=True)
class _Job:
    """A generation that a client waits for; where there are calls, the likeliest of them is."""

    connection: Connection
    number: Any
    conversation: Conversation
    calls: tuple[ToolCall, ...] | None
    least: float
    cancelled: threading.Event = field(default_factory=threading.Event)


class Host:
    """Serves an engine until it is stopped, idle for `idle_seconds`, or its only connection ends.

    `load` makes the engine, in the thread that decodes; `loaded` is told None or the one-line reason of a failure.
    `facts` are added to every status; `log` gets a line for each thing worth keeping, never what users write.
    """

    def __init__(
        self,
        load: Callable[[], Engine],
        *,
        idle_seconds: float = 600,
        facts: Callable[[], Message] = dict,
        loaded: Callable[[str | None], None] = lambda failure: None,
        log: Callable[[str], None] = lambda line: None,
    ) -> None:
        self._load, self._loaded, self._facts, self._log = load, loaded, facts, log
        self._idle_seconds = idle_seconds
        self._engine: Engine | None = None
        self._ready = threading.Event()
        self._failure: str | None = None
        self._queue: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._jobs: list[_Job] = []
        self._connections: list[Connection] = []
        self._started = self._used = time.monotonic()
        self._served = 0
        self._ending = ""
        self._woken, self._waker = socket.socketpair()
        self._waker.setblocking(False)

    def serve(self, listener: socket.socket | None = None, only: Connection | None = None) -> bool:
        """Serve until the end, and say whether the engine could be loaded."""
        worker = threading.Thread(target=self._work, name="decode", daemon=True)
        worker.start()
        if only is not None:
            self._attend(only, alone=True)
        while not self._ending:
            self._wait(listener)
        self._log(f"ends: {self._ending}")
        with self._lock:
            for job in self._jobs:
                job.cancelled.set()
        self._queue.put(None)
        worker.join(_END_SECONDS)
        for connection in list(self._connections):
            connection.close()
        return self._failure is None

    def stop(self, reason: str) -> None:
        """End the serving; may be called from any thread and from a signal handler."""
        self._ending = self._ending or reason
        self._wake()

    def _wake(self) -> None:
        with contextlib.suppress(BlockingIOError):  # full: it wakes anyway
            self._waker.send(b".")

    def _wait(self, listener: socket.socket | None) -> None:
        """Wait for a client, a wake-up or the idle time, and act on it."""
        poll = select.poll()
        poll.register(self._woken, select.POLLIN)
        if listener is not None:
            poll.register(listener, select.POLLIN)
        left = self._idle_left() if listener is not None else None
        ready = [descriptor for descriptor, _ in poll.poll(None if left is None else max(0.0, left) * 1000)]
        if self._woken.fileno() in ready:
            self._woken.recv(4096)
        if listener is not None and listener.fileno() in ready:
            self._accept(listener)
        elif not ready and (left := self._idle_left()) is not None and left <= 0:
            self.stop(f"no request for {self._idle_seconds:g} seconds")

    def _idle_left(self) -> float | None:
        """Return the seconds until the host is idle for too long; None while it works."""
        with self._lock:
            if self._jobs or not self._ready.is_set():
                return None
            return self._used + self._idle_seconds - time.monotonic()

    def _accept(self, listener: socket.socket) -> None:
        try:
            stream, _ = listener.accept()
        except OSError:
            return  # the client left again
        connection = Connection(stream)
        if connection.peer_uid != os.geteuid():
            self._log(f"refused a client of the user {connection.peer_uid}")
            connection.close()
            return
        self._attend(connection, alone=False)

    def _attend(self, connection: Connection, alone: bool) -> None:
        """Serve a connection in a thread of its own."""
        with self._lock:
            self._connections.append(connection)
        threading.Thread(target=self._converse, args=(connection, alone), name="client", daemon=True).start()

    def _converse(self, connection: Connection, alone: bool) -> None:
        """Answer a client until it leaves; what it waited for is then cancelled."""
        try:
            while True:
                try:
                    self._answer(connection, connection.receive())
                except (ValueError, KeyError, TypeError) as error:
                    connection.send({"id": None, "event": "error", "message": f"a malformed request: {error}"})
        except ConnectionLostError:
            self._cancel(connection)
        connection.close()
        with self._lock:
            self._connections.remove(connection)
        if alone:
            self.stop("its client is gone")

    def _cancel(self, connection: Connection, number: Any = None) -> None:
        """Cancel a client's generation of that number, or all of them."""
        with self._lock:
            for job in self._jobs:
                if job.connection is connection and number in (None, job.number):
                    job.cancelled.set()

    def _answer(self, connection: Connection, request: Message) -> None:
        """Answer one request, or queue it."""
        operation, number = request["op"], request.get("id")
        reply: Message = {"id": number, "event": "done"}
        if operation == "status":
            connection.send({**reply, "status": self._status()})
            return
        self._used = time.monotonic()
        if operation == "cancel":
            self._cancel(connection, number)
        elif operation == "stop":
            connection.send(reply)
            self.stop("a client asked for it")
        elif operation in ("generate", "choose"):
            calls, least = _choice(request) if operation == "choose" else (None, 1.0)
            job = _Job(connection, number, conversation_from_json(request["conversation"]), calls, least)
            with self._lock:
                self._jobs.append(job)
            self._queue.put(job)
        else:
            self._answer_loaded(connection, operation, request, reply)

    def _answer_loaded(self, connection: Connection, operation: str, request: Message, reply: Message) -> None:
        """Answer what needs the engine but no decoding."""
        self._ready.wait()
        engine = self._engine
        if engine is None:
            connection.send({**reply, "event": "error", "message": self._failure})
        elif operation == "ready":
            connection.send({**reply, "status": self._status()})
        elif operation == "count":
            count = engine.count_tokens(conversation_from_json(request["conversation"]))
            connection.send({**reply, "tokens": count})
        elif operation == "cut":
            connection.send({**reply, "text": engine.cut_output(str(request["text"]))})
        else:
            raise ValueError(f"there is no operation {operation!r}")

    def _status(self) -> Message:
        engine = self._engine
        with self._lock:
            busy, clients = bool(self._jobs), len(self._connections)
        return {
            **self._facts(),
            "pid": os.getpid(),
            "state": "loading" if engine is None else "busy" if busy else "ready",
            "context_tokens": 0 if engine is None else engine.context_tokens,
            "clients": clients,
            "served": self._served,
            "seconds": time.monotonic() - self._started,
            "idle_seconds": self._idle_seconds,
        }

    def _work(self) -> None:
        """Load the engine and decode what is queued, until None is."""
        try:
            engine = self._engine = self._load()
        except EngineError as error:
            self._failure = str(error)
            self._log(f"error: {error}")
        self._used = time.monotonic()
        self._ready.set()
        self._loaded(self._failure)
        if self._failure is not None:
            self.stop("the weights could not be loaded")
            return
        self._wake()
        while (job := self._queue.get()) is not None:
            self._generate(engine, job)
            with self._lock:
                self._jobs.remove(job)
                self._used = time.monotonic()
                self._served += 1
            self._wake()
        engine.close()

    def _generate(self, engine: Engine, job: _Job) -> None:
        """Do one job; a client that can't be written to is gone, which cancels it."""

        def on_text(text: str) -> None:
            job.connection.send({"id": job.number, "event": "text", "text": text})

        reply: Message
        try:
            if job.cancelled.is_set():
                raise GenerationCancelled
            if job.calls is None:
                found: Generation | None = engine.generate(job.conversation, on_text, job.cancelled)
            else:
                found = engine.choose(job.conversation, job.calls, job.least, job.cancelled)
            reply = {"event": "done", "generation": None if found is None else generation_to_json(found)}
        except GenerationCancelled:
            reply = {"event": "cancelled"}
        except EngineError as error:
            reply = {"event": "error", "message": str(error)}
        except ConnectionLostError:
            return
        with contextlib.suppress(ConnectionLostError):  # its reader sees that too, and tidies up
            job.connection.send({"id": job.number, **reply})


def _choice(request: Message) -> tuple[tuple[ToolCall, ...], float]:
    """Read the calls to choose among and how likely one must be; raises `ValueError`, `KeyError` or `TypeError`."""
    validate, least = load_catalogue().validate, float(request["least"])
    if not 0 < least <= 1:
        raise ValueError(f"`least` is above 0 and at most 1, not {least}")
    return tuple(validate(ToolCall.from_json(call)) for call in request["calls"]), least
