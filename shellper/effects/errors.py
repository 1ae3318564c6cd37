"""The error of this room."""

from __future__ import annotations


class EffectsError(Exception):
    """A change can't be kept, undone or applied; the message is one line that names the file and the mend."""
