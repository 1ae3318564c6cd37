"""Keys: how they are written, and which one does something."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from textual.binding import Binding, BindingType

_SIGNS = {
    "question_mark": "?",
    "slash": "/",
    "escape": "Esc",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "ctrl+underscore": "^_",
}


def key_text(key: str) -> str:
    """Return how a key of Textual's is written for people: `^Q`, `Enter`, `F1`, `Alt+Enter`."""
    key = key.strip()
    if key in _SIGNS:
        return _SIGNS[key]
    if len(key) == 1:
        return key
    if key.startswith("ctrl+") and key.count("+") == 1:
        return "^" + key.removeprefix("ctrl+").upper()
    return "+".join(part.capitalize() for part in key.split("+"))


def key_name(binding: Binding) -> str:
    """Return how the key of a binding is written, of several the first one."""
    return binding.key_display or key_text(binding.key.split(",")[0])


def key_names(binding: Binding) -> str:
    """Return how all keys of a binding are written."""
    return binding.key_display or ", ".join(key_text(key) for key in binding.key.split(","))


def key_for(bindings: Iterable[BindingType], action: str, keys: Mapping[str, str]) -> str:
    """Return how the key of an action is written; `keys` has the user's own, by the names of their bindings."""
    for binding in bindings:
        if isinstance(binding, Binding) and binding.action == action:
            return key_text(keys.get(binding.id or "", binding.key).split(",")[0])
    raise LookupError(action)
