"""Running the calls of a conversation for real, in a temporary tree that plays the user's home."""

from __future__ import annotations

import os
import random
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from model.machine import Machine
from shellper.calls import LocalDisk, ToolCall, load_catalogue, render
from shellper.dialect import Response

_TIME_LIMIT = 10
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TERM": "dumb"}


@dataclass
class Shell:
    """A tree below `root`, which is home; `folder` is the working directory and `previous` the one before.

    What is not in the tree (processes, disks, the time) is the made-up `machine`'s.
    """

    root: Path
    user: str = field(default="sam", kw_only=True)
    machine: Machine = field(init=False, default_factory=lambda: Machine(random.Random(0)))
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

    def holds(self, path: str) -> bool:
        """Say whether a path of a call lies in the tree."""
        return path == "-" or self.resolve(path).is_relative_to(self.root)

    def matches(self, path: str) -> Sequence[Path]:
        """Return what a path of a call names: itself, or what it matches where it is a pattern."""
        disk = LocalDisk(self.folder, self.root)
        if ("*" in path or "?" in path) and not disk.exists(path):
            return [self.resolve(found) for found in disk.matches(path)]
        return [self.resolve(path)]

    def run(self, call: ToolCall) -> Response:
        """Run a call for real, and return what came back, the tree shown as the user's home."""
        if call.name == "cd":
            return self._enter(str(call.arguments["folder"]))
        answer = self.machine.answers(load_catalogue().validate(call))
        if answer is not None:
            return answer
        command = render(call, disk=LocalDisk(self.folder, self.root))
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
