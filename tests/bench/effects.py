"""What a preview and undo cost: `python -m tests.bench.effects`.

A command that changes one file, in a folder of a few files. Each figure is the median of the differences to a run of
the same command in the sandbox that came right before, in one process. The preview is what is waited for before the
question; keeping what undo needs, which waits for the disk, comes after the decision.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from shellper.calls import LocalDisk, ToolCall, render
from shellper.effects import Effects, Keeper, What, plan_reversal, reverse
from shellper.effects.undo import Choice
from shellper.sandbox import Policy, run

_MILLISECONDS = 1000


def _timed(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * _MILLISECONDS


class _Bench:
    def __init__(self, folder: Path) -> None:
        self.root, self.home = folder / "root", folder / "home"
        self.root.mkdir()
        self.home.mkdir()
        for number in range(20):
            (self.root / f"file-{number}.txt").write_text("line\n" * 100)
        self.policy = Policy(folder=self.root, home=self.home)
        self.keeper = Keeper(folder / "state", self.home)
        self.call = ToolCall("echo", {"content": "more", "file_name": "file-1.txt"})
        self.command = render(self.call, disk=LocalDisk(self.root, self.home))

    def sandboxed(self) -> None:
        run(self.command, self.policy)

    def unsandboxed(self) -> None:
        subprocess.run(["/bin/bash", "-c", self.command], cwd=self.root, check=True)

    def plan(self) -> None:
        """Preview the call: what is waited for before the question."""
        self.keeper.preview_call(self.call, self.command, self.policy, self.root)

    def planned(self) -> None:
        """Preview the call and run it within a transaction."""
        effects = self.keeper.preview_call(self.call, self.command, self.policy, self.root)
        self.keeper.run(effects, self.command, self.policy, lambda: run(self.command, self.policy), _nothing)

    def tried(self) -> Effects:
        """Preview the command by running it in an overlay."""
        return self.keeper.preview_text(self.command, self.policy, self.root)

    def applied(self, effects: Effects) -> None:
        """Apply such a run, so that it can be undone."""
        self.keeper.run(effects, self.command, self.policy, lambda: run(self.command, self.policy), _nothing)

    def undo(self) -> None:
        ledger = self.keeper.ledger
        reverse(ledger, plan_reversal(ledger.stacks()[0][-1], What.UNDO), lambda conflict: Choice.OVERWRITE)


def _nothing(stream: str, text: str) -> None:
    pass


def main() -> None:
    """Print the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--folder", type=Path, help="where the files go; by default the system's temporary folder")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        bench = _Bench(Path(folder))
        bench.sandboxed()
        bench.applied(bench.tried())
        rows: dict[str, list[float]] = {}
        for _ in range(arguments.rounds):
            plain, walled = _timed(bench.unsandboxed), _timed(bench.sandboxed)
            rows.setdefault("sandbox over a plain run", []).append(walled - plain)
            rows.setdefault("preview of a call (its plan alone)", []).append(_timed(bench.plan))
            rows.setdefault("planned call with undo over a run in the sandbox", []).append(
                _timed(bench.planned) - walled
            )
            walled = _timed(bench.sandboxed)
            found: list[Effects] = []
            rows.setdefault("preview of a command (its run in an overlay) over a run in the sandbox", []).append(
                _timed(lambda: found.append(bench.tried())) - walled  # noqa: B023 (called at once)
            )
            rows.setdefault("applying that run, with undo", []).append(
                _timed(lambda: bench.applied(found[0]))  # noqa: B023
            )
            rows.setdefault("undo of one file", []).append(_timed(bench.undo))
    for name, figures in rows.items():
        print(f"{name}: {statistics.median(figures):.1f} ms (median of {len(figures)})")


if __name__ == "__main__":
    main()
