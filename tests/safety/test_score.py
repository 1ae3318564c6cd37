"""The verdicts on the corpus: what is promised of them."""

import pytest

from tests.safety.score import CORPUS, Score, judged, load, score

ROWS = load(sorted(CORPUS.glob("*.jsonl")))


@pytest.fixture(scope="module")
def found() -> Score:
    return score(ROWS, judged(ROWS))


def test_the_corpus_is_large_and_says_everything_once() -> None:
    commands = [row["cmd"] for row in ROWS]
    assert len(set(commands)) == len(commands)
    assert sum("least" in row for row in ROWS) >= 300
    assert sum("kind" in row for row in ROWS) >= 300


def test_nothing_dangerous_is_allowed(found: Score) -> None:
    assert found.allowed.misses == ()


def test_what_must_be_blocked_is_blocked(found: Score) -> None:
    assert found.below_block.part <= 0.03, found.below_block.misses


def test_what_must_be_warned_of_is(found: Score) -> None:
    assert found.below_warn.part <= 0.03, found.below_warn.misses


def test_what_is_harmless_is_no_alarm(found: Score) -> None:
    assert found.raised.part <= 0.02, found.raised.misses


def test_plain_reads_are_allowed(found: Score) -> None:
    assert found.reads_asked.part <= 0.10, found.reads_asked.misses
