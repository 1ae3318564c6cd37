"""The shipped weights on a fixed part of the development set, through the real engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from model.evaluate import Evaluation, read_cases
from shellper.engine import DirectEngine

CORE = Path(__file__).resolve().parents[1] / "eval" / "core.jsonl"
CONVERSATIONS = 40
# A little below what model/README.md reports: this notices an adapter, an engine or a build that got worse.
CALLS_RIGHT, CONVERSATIONS_RIGHT = 0.95, 0.85


@pytest.mark.weights
@pytest.mark.timeout(900)
def test_most_calls_of_the_core_set_are_right(weights_path: Path) -> None:
    engine = DirectEngine(weights_path)
    score, _ = Evaluation(engine, "real", free=False).score(list(read_cases(CORE))[:CONVERSATIONS])
    engine.close()
    assert score.calls > 150
    assert score.calls_right >= CALLS_RIGHT * score.calls, "\n".join(score.misses)
    assert score.conversations_right >= CONVERSATIONS_RIGHT * score.conversations, "\n".join(score.misses)
