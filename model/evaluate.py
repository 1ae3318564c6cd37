"""Evaluating weights on development sets: `python -m model.evaluate tests/eval/core.jsonl`.

The weights answer through the real engine, and what can't work on the disk gives way as it does in a session; how they
answer without that is counted beside it. Teacher-forced (the default), each step is asked for with the right calls as
its history; free-running, with the model's own. Two calls are equal when name and arguments are equal once arguments
that equal their default are gone and paths are normalized (`./a` is `a`).
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from model.shell import Shell
from shellper.calls import LocalDisk, ToolCall, load_catalogue
from shellper.dialect import Conversation, ModelStep, Response, Step, Turn
from shellper.engine import Engine
from shellper.grounding.ground import ground, said
from shellper.grounding.guard import suggest

Outputs = Literal["real", "none"]
COLUMNS = ("calls", "silences", "requests", "conversations")
_MOST_STEPS = 8


@dataclass(frozen=True)
class Task:
    """One turn of a development set: the request, the right calls (each with what is as good), or none."""

    request: str
    calls: tuple[tuple[ToolCall, ...], ...]


@dataclass(frozen=True)
class Case:
    """One conversation of a development set, and the files of its world."""

    id: str
    files: Mapping[str, str]
    tasks: tuple[Task, ...]


@dataclass
class Score:
    """What was right, out of how much; `misses` tells each wrong step in words.

    `gained` counts the steps that are right because the disk was asked, `lost` those that are wrong because of that.
    """

    calls: int = 0
    calls_right: int = 0
    silences: int = 0
    silences_right: int = 0
    conversations: int = 0
    conversations_right: int = 0
    turns: int = 0
    turns_right: int = 0
    steps_wrong: int = 0
    gained: int = 0
    lost: int = 0
    misses: list[str] = field(default_factory=list)
    confidences: list[tuple[float, bool]] = field(default_factory=list)
    tools: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def as_json(self) -> dict[str, Any]:
        """Return the counts, each as what was right and out of how much, and per tool what was called for it."""
        return {
            "calls": (self.calls_right, self.calls),
            "silences": (self.silences_right, self.silences),
            "requests": (self.turns_right, self.turns),
            "conversations": (self.conversations_right, self.conversations),
            "gained": self.gained,
            "lost": self.lost,
            "tools": self.tools,
        }


def read_cases(path: Path) -> Iterator[Case]:
    """Yield the conversations of a development set."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            data = json.loads(line)
            yield Case(data["id"], data["files"], tuple(_task(turn) for turn in data["turns"]))


def _task(data: Mapping[str, Any]) -> Task:
    calls = (tuple(ToolCall.from_json(one) for one in (call, *call.get("or", ()))) for call in data["calls"])
    return Task(data["request"], tuple(calls))


def make_files(root: Path, files: Mapping[str, str]) -> None:
    """Make a case's files below a folder; a name that ends in a slash is an empty folder."""
    for name, text in files.items():
        path = root / name
        if name.endswith("/"):
            path.mkdir(parents=True, exist_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")


def normalized(call: ToolCall) -> ToolCall:
    """Return a call with its paths normalized and its defaults gone."""
    tool = load_catalogue().tools[call.name]
    arguments = {
        name: os.path.normpath(value)
        if isinstance(value, str) and name in tool.by_name and tool.by_name[name].role == "path"
        else value
        for name, value in call.arguments.items()
    }
    return load_catalogue().canonical(ToolCall(call.name, arguments))


def is_right(step: ModelStep, right: tuple[ToolCall, ...] | None) -> bool:
    """Say whether a step is one of the right calls, or, for None, no call."""
    if right is None or step.call is None:
        return right is None and step.call is None
    return any(normalized(step.call) == normalized(call) for call in right)


def _told(response: Response, outputs: Outputs) -> Response:
    return response if outputs == "real" else Response(state="unknown")


def _describe(step: ModelStep) -> str:
    if step.call is None:
        return f"says {step.reply!r}" if step.reply else "ends the turn"
    return f"{step.call.name} {json.dumps(dict(step.call.arguments), ensure_ascii=False)}"


class Evaluation:
    """Asks an engine for every step of every case."""

    def __init__(self, engine: Engine, outputs: Outputs, free: bool, guard: bool = False) -> None:
        """Take the engine, what stands in the history, whose calls do, and whether what the guard offers is taken."""
        self.engine, self.outputs, self.free, self.guard = engine, outputs, free, guard

    def score(self, cases: Sequence[Case]) -> tuple[Score, Score]:
        """Return the score of all cases, and the score of the model without the disk (where it is teacher-forced)."""
        scores = Score(), Score()
        for case in cases:
            with tempfile.TemporaryDirectory(prefix="eval-") as folder:
                shell = Shell(Path(folder).resolve())
                make_files(shell.root, case.files)
                history: Conversation = ()
                wrong = [0, 0]
                for task in case.tasks:
                    before = [score.steps_wrong for score in scores]
                    history = (*history, self._turn(history, task, shell, scores, case.id))
                    for index, score in enumerate(scores):
                        score.turns += 1
                        score.turns_right += score.steps_wrong == before[index]
                        wrong[index] += score.steps_wrong - before[index]
            for index, score in enumerate(scores):
                score.conversations += 1
                score.conversations_right += not wrong[index]
        return scores

    def _turn(self, history: Conversation, task: Task, shell: Shell, scores: tuple[Score, Score], case: str) -> Turn:
        """Ask for the steps of one turn; return the turn as it stands in the history."""
        steps: list[Step] = []
        reply = ""
        for index in range(_MOST_STEPS):
            open_turn = Turn(task.request, tuple(steps), done=False)
            alone = self.engine.generate((*history, open_turn))
            disk = LocalDisk(shell.folder, shell.root)
            generation = ground(self.engine, (*history, open_turn), alone, disk).generation
            step = self._guarded(generation.step, shell, (*history, open_turn)) if self.guard else generation.step
            wanted = task.calls[index] if index < len(task.calls) else None
            right = self._note(scores[0], task, wanted, step, generation.confidence, case)
            right_alone = self._note(scores[1], task, wanted, alone.step, alone.confidence, case)
            scores[0].gained += right and not right_alone
            scores[0].lost += right_alone and not right
            call = step.call if self.free else (wanted[0] if wanted else None)
            if call is None:
                reply = step.reply if step.call is None else ""
                break
            steps.append(Step(call, _told(shell.run(call), self.outputs)))
        return Turn(task.request, tuple(steps), reply)

    def _note(
        self,
        score: Score,
        task: Task,
        wanted: tuple[ToolCall, ...] | None,
        step: ModelStep,
        confidence: float,
        case: str,
    ) -> bool:
        """Count a step, and say whether it is right."""
        right = is_right(step, wanted)
        score.steps_wrong += not right
        score.confidences.append((confidence, right))
        score.tools[wanted[0].name if wanted else "none"][step.call.name if step.call else "none"] += 1
        self._count(score, wanted is not None, bool(task.calls), right)
        if not right:
            wish = _describe(ModelStep(wanted[0])) if wanted else "no call"
            score.misses.append(f"{case}: {task.request!r} -> {_describe(step)}; right: {wish}")
        return right

    def _guarded(self, step: ModelStep, shell: Shell, conversation: Conversation) -> ModelStep:
        """Return the step with the name that the guard offers, as a user would take it."""
        if step.call is None:
            return step
        request = conversation[-1].request
        disk = LocalDisk(shell.folder, shell.root)
        found = suggest(step.call, load_catalogue(), disk, request, said(conversation))
        return step if found is None else ModelStep(found.call)

    def _count(self, score: Score, wants_call: bool, callable_request: bool, right: bool) -> None:
        if wants_call:
            score.calls += 1
            score.calls_right += right
        elif not callable_request:
            score.silences += 1
            score.silences_right += right


def interval(right: int, of: int) -> tuple[float, float]:
    """Return the 95 % Wilson interval of a share (Wilson, 1927)."""
    if not of:
        return 0.0, 1.0
    z = 1.96
    share = right / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    return middle - half, middle + half


def percent(right: int, of: int) -> str:
    """Return a share in words: percent, count and interval."""
    if not of:
        return "-"
    low, high = interval(right, of)
    return f"{100 * right / of:.1f} % ({right}/{of}, 95 %: {100 * low:.1f} to {100 * high:.1f})"


def main() -> None:
    """Print a table, a line a development set, and with --misses each miss."""
    from shellper.engine.direct import DirectEngine

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="+", type=Path)
    parser.add_argument("--weights", type=Path, help="a built model file; the one in use when left out")
    parser.add_argument("--outputs", choices=("real", "none", "both"), default="both")
    parser.add_argument("--free", action="store_true", help="the model's own calls are the history")
    parser.add_argument("--guard", action="store_true", help="what the guard of names offers is taken")
    parser.add_argument("--confidences", type=Path, help="append each step's confidence to this file (JSON lines)")
    parser.add_argument("--results", type=Path, help="append each set's counts to this file (JSON lines)")
    parser.add_argument("--label", default="Q8_0", help="how the results call these weights")
    parser.add_argument("--misses", action="store_true", help="print each miss")
    parser.add_argument("--most", type=int, help="at most so many conversations of each set")
    arguments = parser.parse_args()
    engine = DirectEngine(arguments.weights or _weights_in_use())
    outputs: tuple[Outputs, ...] = ("real", "none") if arguments.outputs == "both" else (arguments.outputs,)
    print("| set | outputs | disk | calls right | not called, rightly | requests right | conversations right |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for path in arguments.sets:
        for kind in outputs:
            score, alone = Evaluation(engine, kind, arguments.free, arguments.guard).score(
                list(read_cases(path))[: arguments.most]
            )
            scores = {"asked": score} if arguments.free else {"not asked": alone, "asked": score}
            for disk, one in scores.items():
                columns = " | ".join(percent(*one.as_json()[column]) for column in COLUMNS)
                print(f"| {path.stem} | {kind} | {disk} | {columns} |", flush=True)
            if arguments.confidences:
                rows = (
                    json.dumps({"set": path.stem, "confidence": round(c, 4), "right": r}) for c, r in score.confidences
                )
                with arguments.confidences.open("a", encoding="utf-8") as out:
                    out.writelines(f"{row}\n" for row in rows)
            if arguments.results:
                kind_of = {"outputs": kind, "history": "own calls" if arguments.free else "right calls"}
                with arguments.results.open("a", encoding="utf-8") as out:
                    for disk, one in scores.items():
                        row = {"set": path.stem, **kind_of, "disk": disk, "weights": arguments.label, **one.as_json()}
                        out.write(json.dumps(row) + "\n")
            if arguments.misses:
                print("\n".join(f"  {miss}" for miss in score.misses), file=sys.stderr, flush=True)


def _weights_in_use() -> Path:
    from shellper.config import paths
    from shellper.weights.store import ensure

    return ensure(paths().data, lambda share: None)


if __name__ == "__main__":
    main()
