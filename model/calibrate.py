"""How far the confidence can be trusted: `python -m model.calibrate CONFIDENCES.jsonl`.

Reads what `model.evaluate --confidences` wrote, prints a reliability table, the expected calibration error, and the
threshold below which the product should ask.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_BINS = 10
_MOST_RIGHT_ASKED = 0.05


@dataclass(frozen=True)
class Bin:
    """The steps whose confidence lies in a stretch: how many, their mean confidence, and the share that is right."""

    low: float
    high: float
    count: int
    confidence: float
    right: float


@dataclass(frozen=True)
class Threshold:
    """A confidence below which the product asks, and the shares of the wrong and of the right steps that lie there."""

    confidence: float
    wrong_below: float
    right_below: float


Scored = Sequence[tuple[float, bool]]


def reliability(scored: Scored, bins: int = _BINS) -> list[Bin]:
    """Return stretches of equal width that hold any step."""
    made = []
    for index in range(bins):
        low, high = index / bins, (index + 1) / bins
        held = [(c, r) for c, r in scored if low <= c < high or (c == 1 and high == 1)]
        if held:
            mean = sum(c for c, _ in held) / len(held)
            made.append(Bin(low, high, len(held), mean, sum(r for _, r in held) / len(held)))
    return made


def calibration_error(bins: Sequence[Bin]) -> float:
    """Return the expected calibration error: the mean gap between confidence and share of right ones (Naeini, 2015)."""
    return sum(b.count * abs(b.confidence - b.right) for b in bins) / sum(b.count for b in bins)


def threshold(scored: Scored, most_right: float = _MOST_RIGHT_ASKED) -> Threshold:
    """Return the highest threshold below which at most a share of the right steps lies."""
    right = sorted(c for c, is_right in scored if is_right)
    wrong = [c for c, is_right in scored if not is_right]
    confidence = right[int(len(right) * most_right)]
    below = sum(c < confidence for c in wrong) / len(wrong) if wrong else 0.0
    return Threshold(confidence, below, sum(c < confidence for c in right) / len(right))


def read_scored(path: Path) -> list[tuple[float, bool]]:
    """Read each step's confidence and whether it was right, as `model.evaluate --confidences` writes them."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [(float(row["confidence"]), bool(row["right"])) for row in rows]


def main() -> None:
    """Print the table, the error and the threshold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("confidences", type=Path)
    scored = read_scored(parser.parse_args().confidences)
    bins = reliability(scored)
    print("| confidence | steps | mean confidence | right |")
    print("| --- | --- | --- | --- |")
    for b in bins:
        print(f"| {b.low:.1f} to {b.high:.1f} | {b.count} | {b.confidence:.2f} | {b.right:.2f} |")
    found = threshold(scored)
    print(f"expected calibration error {calibration_error(bins):.3f}")
    print(
        f"threshold {found.confidence:.3f}: {found.wrong_below:.1%} of the wrong steps and {found.right_below:.1%} of"
        " the right ones lie below"
    )


if __name__ == "__main__":
    main()
