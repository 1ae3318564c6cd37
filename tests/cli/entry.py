"""The program with the scripted engine: `python -m tests.cli.entry ARGUMENTS`.

SHELLPER_SCRIPTED_ENGINE names a file of JSON lines, one a step: {"call": {"name", "arguments"}, "confidence",
"alternative", "likely" (the call to choose where that one can't work)}, {"reply"}, or {"error"}. Steps that are used
leave the file, so that the next program goes on; what the engine was given is added to the file of that name that ends
with `.given`, one conversation a line.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from shellper.calls import ToolCall
from shellper.cli.main import main
from shellper.cli.show import Screen
from shellper.config import Settings
from shellper.dialect import ModelStep
from shellper.engine import Engine, EngineError, Generation, ScriptedEngine, conversation_to_json
from shellper.engine.scripted import ScriptedStep


def _step(line: str) -> ScriptedStep:
    data = json.loads(line)
    if "error" in data:
        return EngineError(data["error"])
    call = ToolCall.from_json(data["call"]) if "call" in data else None
    other = ModelStep(ToolCall.from_json(data["alternative"])) if "alternative" in data else None
    return Generation(ModelStep(call, data.get("reply", "")), data.get("confidence", 1.0), alternative=other)


class _FromFile(ScriptedEngine):
    def __init__(self, file: Path) -> None:
        self._file = file
        self._lines = file.read_text().splitlines()
        super().__init__(_step(line) for line in self._lines)
        steps = [json.loads(line) for line in self._lines]
        self.likely = [ToolCall.from_json(step["likely"]) for step in steps if "likely" in step]

    def close(self) -> None:
        """Write down what is left of the script, and what was asked."""
        super().close()
        left = self._lines[len(self._lines) - self.remaining :]
        self._file.write_text("".join(f"{line}\n" for line in left))
        with self._file.with_suffix(".given").open("a") as given:
            for conversation in self.conversations:
                given.write(json.dumps(conversation_to_json(conversation)) + "\n")


def open_scripted(settings: Settings, daemon: bool, screen: Screen) -> Engine:
    """Open the engine that the environment names."""
    return _FromFile(Path(os.environ["SHELLPER_SCRIPTED_ENGINE"]))


if __name__ == "__main__":
    sys.exit(main(open_engine=open_scripted))
