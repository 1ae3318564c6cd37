"""Model files: finding, building, verifying and reading them, and the vocabulary they carry.

The names are loaded when they are first used: a front end that only asks where the file lies needs neither numpy nor
llama.cpp.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shellper.weights.base import Base, open_base
    from shellper.weights.errors import WeightsError
    from shellper.weights.manifest import BASE_SHA256, Manifest
    from shellper.weights.sources import Sources, shipped_sources
    from shellper.weights.store import WEIGHTS_FILE, ensure, use_file, verify
    from shellper.weights.tokenizer import LlamaTokenizer

__all__ = [
    "BASE_SHA256",
    "WEIGHTS_FILE",
    "Base",
    "LlamaTokenizer",
    "Manifest",
    "Sources",
    "WeightsError",
    "ensure",
    "open_base",
    "shipped_sources",
    "use_file",
    "verify",
]

_HOMES = {
    "BASE_SHA256": "manifest",
    "WEIGHTS_FILE": "store",
    "Base": "base",
    "LlamaTokenizer": "tokenizer",
    "Manifest": "manifest",
    "Sources": "sources",
    "WeightsError": "errors",
    "ensure": "store",
    "open_base": "base",
    "shipped_sources": "sources",
    "use_file": "store",
    "verify": "store",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
