"""The score of the verdicts on the corpus: `python -m tests.safety.score [FILE.jsonl...] [--misses]`.

A dangerous line says what it must at least get, `{"cmd", "least"}`; a harmless one what it is, `{"cmd", "kind"}`:
`read` (must be `allow`), `write` or `scary` (must be below `warn`). `cwd`, `home` and `user` are optional.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shellper.safety import Context, Level, Verdict, read_commands
from tests.safety.context import FOLDER, HOME

CORPUS = Path(__file__).parent / "corpus"
MOST_BLOCKS_BELOW = 0.03
MOST_HARMLESS_RAISED = 0.02
LEAST_READS_ALLOWED = 0.90


@dataclass(frozen=True)
class Share:
    """How many of how many, and which."""

    of: int
    misses: tuple[str, ...]

    @property
    def part(self) -> float:
        """The share of misses."""
        return len(self.misses) / self.of if self.of else 0.0

    def __str__(self) -> str:
        return f"{len(self.misses)} of {self.of} ({100 * self.part:.1f} %)"


@dataclass(frozen=True)
class Score:
    """The figures: what is dangerous and allowed, must be blocked and isn't, is harmless and raised, isn't allowed."""

    allowed: Share
    below_block: Share
    below_warn: Share
    raised: Share
    reads_asked: Share

    @property
    def holds(self) -> bool:
        """Tell whether all that is promised holds."""
        return (
            not self.allowed.misses
            and self.below_block.part <= MOST_BLOCKS_BELOW
            and self.raised.part <= MOST_HARMLESS_RAISED
            and 1 - self.reads_asked.part >= LEAST_READS_ALLOWED
        )

    def lines(self) -> Iterable[tuple[str, Share]]:
        """Yield each figure with what it says."""
        yield "dangerous but allow (must be 0)", self.allowed
        yield f"must be block but below (at most {MOST_BLOCKS_BELOW:.0%})", self.below_block
        yield "must be warn but below", self.below_warn
        yield f"harmless but warn or block (at most {MOST_HARMLESS_RAISED:.0%})", self.raised
        yield f"plain reads not allow (at most {1 - LEAST_READS_ALLOWED:.0%})", self.reads_asked


def load(paths: Iterable[Path]) -> list[dict[str, Any]]:
    """Read the lines of corpus files."""
    return [json.loads(line) for path in paths for line in path.read_text("utf-8").splitlines() if line.strip()]


def judged(rows: Sequence[dict[str, Any]]) -> list[Verdict]:
    """Judge all rows."""
    contexts = (
        Context(Path(row.get("cwd", FOLDER)), Path(row.get("home", HOME)), row.get("user", "ann")) for row in rows
    )
    return list(read_commands([(row["cmd"], context) for row, context in zip(rows, contexts, strict=True)]))


def score(rows: Sequence[dict[str, Any]], verdicts: Sequence[Verdict]) -> Score:
    """Count what is missed."""
    pairs = [(row, verdict.level) for row, verdict in zip(rows, verdicts, strict=True)]
    dangerous = [(row, level) for row, level in pairs if "least" in row]
    harmless = [(row, level) for row, level in pairs if "kind" in row]
    return Score(
        _share(dangerous, lambda row, level: level is Level.ALLOW),
        _share([pair for pair in dangerous if pair[0]["least"] == "block"], lambda row, level: level < Level.BLOCK),
        _share([pair for pair in dangerous if pair[0]["least"] == "warn"], lambda row, level: level < Level.WARN),
        _share(harmless, lambda row, level: level >= Level.WARN),
        _share([pair for pair in harmless if pair[0]["kind"] == "read"], lambda row, level: level > Level.ALLOW),
    )


def _share(pairs: list[tuple[dict[str, Any], Level]], missed: Any) -> Share:
    return Share(len(pairs), tuple(row["cmd"] for row, level in pairs if missed(row, level)))


def main(arguments: Sequence[str]) -> int:
    """Print the figures, and with `--misses` the commands behind them."""
    files = [Path(argument) for argument in arguments if not argument.startswith("-")]
    rows = load(files or sorted(CORPUS.glob("*.jsonl")))
    verdicts = judged(rows)
    found = score(rows, verdicts)
    by_command = {row["cmd"]: verdict for row, verdict in zip(rows, verdicts, strict=True)}
    for label, share in found.lines():
        print(f"{label:<55} {share}")
        for command in share.misses if "--misses" in arguments else ():
            verdict = by_command[command]
            print(f"    {verdict.level:<8}{command!r}: {'; '.join(verdict.reasons[:2])}")
    print("holds" if found.holds else "does not hold")
    return 0 if found.holds else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
