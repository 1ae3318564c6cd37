"""The README's picture, made from the real program on the real model: `python -m tests.pictures`."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pexpect
from rich.console import Console
from rich.text import Text

PICTURE = Path(__file__).resolve().parent.parent / "docs" / "conversation.svg"
WIDTH = 88
REQUESTS = (
    ("what's in here?", "r"),
    ("how many lines does budget.csv have?", "r"),
    ("show its last 2 lines", "r"),
    ("make a folder called archive and move it there", "rr"),
)
FILES = {
    "budget.csv": "rent,900\nfood,320\nbooks,45\nmusic,12\n",
    "notes.txt": "call Priya\n",
    "photos/garden.jpg": "",
}


def record() -> str:
    """Return what a terminal shows of a conversation, escapes and all."""
    with tempfile.TemporaryDirectory() as name:
        home = Path(name) / "home"
        for file, text in FILES.items():
            (home / file).parent.mkdir(parents=True, exist_ok=True)
            (home / file).write_text(text)
        environment = {**os.environ, "TERM": "xterm-256color", "HOME": str(home), "PWD": str(home)}
        environment.pop("NO_COLOR", None)
        shown = ""
        for index, (request, keys) in enumerate(REQUESTS):
            shown += f'\x1b[1;32m$\x1b[0m shellper {"-c " if index else ""}"{request}"\n'
            arguments = ["-m", "shellper", *(["-c"] if index else []), request]
            program = pexpect.spawn(
                sys.executable,
                arguments,
                cwd=home,
                env=environment,
                dimensions=(40, WIDTH),
                encoding="utf-8",
                timeout=60,
            )
            for key in keys:
                program.expect(r"Enter runs\): ")
                shown += f"{program.before}{program.after}"
                program.send(key)
            program.expect(pexpect.EOF)
            shown += str(program.before).rstrip() + "\n\n"
        return shown


def main() -> None:
    """Record the conversation and write the picture."""
    text = Text.from_ansi(record().replace("\r\n", "\n").rstrip() + "\n")
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        console = Console(record=True, width=WIDTH, file=nowhere, force_terminal=True, color_system="truecolor")
        console.print(text)
        PICTURE.parent.mkdir(exist_ok=True)
        PICTURE.write_text(console.export_svg(title="shellper"), encoding="utf-8")
    subprocess.run([sys.executable, "-m", "shellper", "engine", "stop"], check=False, capture_output=True)


if __name__ == "__main__":
    main()
