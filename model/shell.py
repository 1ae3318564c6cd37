"""Running the calls of a conversation for real, in a temporary tree that plays the user's home."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from shellper.calls import ToolCall, render
from shellper.dialect import Response

_TIME_LIMIT = 10
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TERM": "dumb"}


@dataclass
class Shell:
    """A tree below `root`, which is home; `folder` is the working directory and `previous` the one before."""

    root: Path
    user: str = field(default="sam", kw_only=True)
    folder: Path = field(init=False)
    previous: Path = field(init=False)

    def __post_init__(self) -> None:
        """Start at the top of the tree."""
        self.folder = self.previous = self.root

    def resolve(self, path: str) -> Path:
        """Return where a path of a call points."""
        if path == "~" or path.startswith("~/"):
            return self.root / path[2:]
        return Path(os.path.normpath(self.folder / path))

    def run(self, call: ToolCall) -> Response:
        """Run a call for real, and return what came back, the tree shown as the user's home."""
        if call.name == "cd":
            return self._enter(str(call.arguments["folder"]))
        command = render(call, is_folder=lambda path: self.resolve(path).is_dir())
        ran = subprocess.run(
            command,
            shell=True,
            executable="/bin/bash",
            cwd=self.folder,
            env={**_ENVIRONMENT, "HOME": str(self.root), "PWD": str(self.folder)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_TIME_LIMIT,
        )
        text = ran.stdout.decode("utf-8", "replace").replace(str(self.root), f"/home/{self.user}")
        text = text.replace("/bin/bash: line 1: ", "").replace(" root root ", f" {self.user} {self.user} ")
        return Response(output=text.strip("\n"), exit_code=ran.returncode)

    def _enter(self, folder: str) -> Response:
        """Change the folder, as the session does."""
        target = self.previous if folder == "-" else self.resolve(folder)
        if not target.is_dir():
            return Response(output=f"cd: {folder}: No such file or directory", exit_code=1)
        if not target.is_relative_to(self.root):
            return Response(output=f"cd: {folder}: Permission denied", exit_code=1)
        self.previous, self.folder = self.folder, target
        return Response()
