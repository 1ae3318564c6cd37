"""Copying to the clipboard: by the platform's tool, else by the terminal itself."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping

_TOOL_SECONDS = 3
OSC_52 = "the terminal (OSC 52)"


def copy(text: str, write: Callable[[str], object], environment: Mapping[str, str] | None = None) -> str:
    """Copy a text and return by what; `write` sends a control sequence to the terminal, which never answers.

    OSC 52 is XTerm's "Manipulate Selection Data" (XTerm Control Sequences, Operating System Commands).
    """
    for arguments, encoding in _tools(os.environ if environment is None else environment):
        if _give(arguments, text.encode(encoding, "replace")):
            return os.path.basename(arguments[0])  # noqa: PTH119 (a name, no path)
    write(f"\x1b]52;c;{base64.b64encode(text.encode('utf-8', 'replace')).decode()}\x07")
    return OSC_52


def _tools(environment: Mapping[str, str]) -> Iterator[tuple[list[str], str]]:
    """Yield the installed tools that can reach a clipboard from here, and the encoding that each one reads."""
    wanted: list[tuple[bool, list[str], str]] = [
        (sys.platform == "darwin", ["pbcopy"], "utf-8"),
        (bool(environment.get("WAYLAND_DISPLAY")), ["wl-copy"], "utf-8"),
        (bool(environment.get("DISPLAY")), ["xclip", "-selection", "clipboard"], "utf-8"),
        (bool(environment.get("DISPLAY")), ["xsel", "--clipboard", "--input"], "utf-8"),
        (bool(environment.get("WSL_DISTRO_NAME")), ["clip.exe"], "utf-16"),
    ]
    for reachable, arguments, encoding in wanted:
        path = shutil.which(arguments[0], path=environment.get("PATH")) if reachable else None
        if path:
            yield [path, *arguments[1:]], encoding


def _give(arguments: list[str], data: bytes) -> bool:
    """Give data to a tool and say whether it took it."""
    try:
        # Its output is closed: xclip and wl-copy stay in the background and would hold our pipes.
        done = subprocess.run(
            arguments, input=data, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=_TOOL_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
