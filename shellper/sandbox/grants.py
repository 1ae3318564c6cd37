"""A view as Landlock's rules, which can only allow: what is denied is left out, by naming all that lies beside it."""

import os
from collections.abc import Iterator
from pathlib import Path

from shellper.sandbox.landlock import LIST, READ, WRITE
from shellper.sandbox.view import View, kept_in_run

_DEVICES = ("null", "zero", "full", "random", "urandom", "tty", "ptmx", "pts", "shm", "fd")
_NOT_READ = (Path("/dev"), Path("/run"))


def behind_mounts(view: View) -> list[tuple[bytes, int]]:
    """Return the rules for level `full`, where the mounts say what can be read: a second wall against writing."""
    return [(os.fsencode(path), WRITE) for path in (*view.writable, view.temporary, Path("/dev"))]


def alone(view: View, temporary: Path) -> list[tuple[bytes, int]]:
    """Return the rules for level `limited`; `temporary` is the command's own folder of temporary files.

    Names can be listed everywhere. In a folder that holds something denied, only what lies there now can be used, and
    nothing new can be made: a right to do so would hold for all that lies below.
    """
    rules = [(Path("/"), LIST), (temporary, WRITE)]
    rules += [(Path("/dev") / name, WRITE) for name in _DEVICES]
    rules += [(path, READ) for path in kept_in_run()]
    unreadable = frozenset({*view.masked, *_NOT_READ})
    rules += [(path, READ) for path in _around(Path("/"), unreadable, _above(unreadable))]
    # Git's hooks and settings are not left out: then nothing new could be made at the root.
    unwritable = frozenset({*view.masked, *(path for path in view.read_only if path not in view.git)})
    for path in view.writable:
        rules += [(found, WRITE) for found in _around(path, unwritable, _above(unwritable))]
    return [(os.fsencode(path), rule) for path, rule in rules]


def _above(paths: frozenset[Path]) -> frozenset[Path]:
    return frozenset(parent for path in paths for parent in path.parents)


def _around(top: Path, denied: frozenset[Path], above: frozenset[Path]) -> Iterator[Path]:
    """Yield paths that together hold all below `top` that is not denied; `above` are the parents of what is denied."""
    if top in denied:
        return
    if top not in above:
        yield top
        return
    try:
        with os.scandir(top) as entries:
            # A link would give the right to what it leads to, which may be denied.
            children = [Path(entry.path) for entry in entries if not entry.is_symlink()]
    except OSError:
        return
    for child in children:
        yield from _around(child, denied, above)
