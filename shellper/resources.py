"""Where the data that ships with the package lies: the prompts and the adapter."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def _folder(shipped: str, in_checkout: str) -> Path:
    """Return the folder inside the installed wheel, or the one of a source checkout."""
    wheel = _PACKAGE / "_data" / shipped
    return wheel if wheel.is_dir() else _PACKAGE.parent / in_checkout


def prompts_folder() -> Path:
    """Return the folder of the texts the model sees (`prompts/`)."""
    return _folder("prompts", "prompts")


def adapter_folder() -> Path:
    """Return the folder of the trained adapter (`model/adapter/`)."""
    return _folder("adapter", "model/adapter")
