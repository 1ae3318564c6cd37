"""Which terminal this is, so that a conversation can be gone on with where it was held."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

# Each set of variables names one pane or tab for as long as it is open; a multiplexer comes before the terminal it
# runs in.
_PANES = (
    ("TMUX", "TMUX_PANE"),
    ("ZELLIJ_SESSION_NAME", "ZELLIJ_PANE_ID"),
    ("STY", "WINDOW"),
    ("TERM_SESSION_ID",),
    ("WT_SESSION",),
    ("KITTY_PID", "KITTY_WINDOW_ID"),
    ("WEZTERM_UNIX_SOCKET", "WEZTERM_PANE"),
)


def terminal_identity(environment: Mapping[str, str] | None = None) -> str:
    """Return a text that is the same for every program started in this terminal, and another one elsewhere.

    It is the POSIX session that has the terminal: the process that leads it (the terminal's shell), when that was
    started, and the device. Without a terminal it is the pane named by a multiplexer's or a terminal's variables; they
    come second because programs inherit them (an editor's terminals, those of the shell that it was started from).
    """
    environment = os.environ if environment is None else environment
    leader = os.getsid(0)
    device = _device(leader)
    if not device:
        for names in _PANES:
            if all(environment.get(name) for name in names):
                return " ".join(f"{name}={_value(name, environment[name])}" for name in names)
    return f"session={leader} started={_started(leader)} tty={device}"


def _value(name: str, value: str) -> str:
    """Return a variable's lasting part: TMUX ends with the number of a session, which a moved pane changes."""
    return value.rpartition(",")[0] if name == "TMUX" else value


def _stat_fields(process: int) -> list[str]:
    """Return the fields of /proc/PID/stat (proc_pid_stat(5)) behind the program's name; none without such a file."""
    try:
        text = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return text.rpartition(")")[2].split()


def _started(process: int) -> str:
    """Return when a process was started, so that a number that is used again is not taken for the old one."""
    found = _stat_fields(process)
    return found[19] if len(found) > 19 else ""


def _device(leader: int) -> str:
    """Return the terminal's device: its number by /proc, else its name by one of the standard streams."""
    found = _stat_fields(leader)
    if len(found) > 4:
        return "" if found[4] == "0" else found[4]
    for stream in (0, 1, 2):
        try:
            return os.ttyname(stream)
        except OSError:
            continue
    return ""
