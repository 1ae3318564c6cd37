"""The errors of this room."""

from __future__ import annotations


class SessionError(Exception):
    """The session can't go on with what it was asked; the message is one line with the mend."""


class StoreError(Exception):
    """The store of conversations can't be used; the message is one line that names the file and the mend."""
