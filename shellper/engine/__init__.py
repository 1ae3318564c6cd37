"""The engine: llama.cpp's decoder, its host process on a UNIX socket, the client, and the scripted stand-in for tests.

llama.cpp and numpy are loaded by the host only; `DirectEngine`, which needs them here, is loaded when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shellper.engine.client import ChildEngine, DaemonEngine, HostStatus, open_engine, status, stop
from shellper.engine.protocol import Engine, EngineError, Generation, GenerationCancelled
from shellper.engine.scripted import ScriptedEngine
from shellper.engine.serialize import conversation_from_json, conversation_to_json

if TYPE_CHECKING:
    from shellper.engine.direct import DirectEngine

__all__ = [
    "ChildEngine",
    "DaemonEngine",
    "DirectEngine",
    "Engine",
    "EngineError",
    "Generation",
    "GenerationCancelled",
    "HostStatus",
    "ScriptedEngine",
    "conversation_from_json",
    "conversation_to_json",
    "open_engine",
    "status",
    "stop",
]


def __getattr__(name: str) -> object:
    if name == "DirectEngine":
        from shellper.engine.direct import DirectEngine

        return DirectEngine
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
