"""The calibration figures, on steps whose confidence and outcome are known."""

from __future__ import annotations

import pytest

from model.calibrate import calibration_error, reliability, threshold


def test_a_stretch_holds_its_steps_and_their_share_of_right_ones() -> None:
    bins = reliability([(0.95, True), (0.91, True), (1.0, False), (0.15, False)])
    assert [(b.low, b.count) for b in bins] == [(0.1, 1), (0.9, 3)]
    assert bins[1].right == pytest.approx(2 / 3)
    assert bins[1].confidence == pytest.approx((0.95 + 0.91 + 1.0) / 3)


def test_the_error_is_nothing_where_confidence_is_the_share_of_right_ones() -> None:
    honest = [(0.75, True)] * 3 + [(0.75, False)]
    assert calibration_error(reliability(honest)) == pytest.approx(0)
    boastful = [(0.95, False)] * 4
    assert calibration_error(reliability(boastful)) == pytest.approx(0.95)


def test_at_most_the_given_share_of_right_steps_lies_below_the_threshold() -> None:
    right = [(0.5 + i / 200, True) for i in range(100)]
    wrong = [(0.2, False), (0.3, False), (0.99, False), (0.4, False)]
    found = threshold(right + wrong)
    assert found.right_below <= 0.05
    assert found.wrong_below == 0.75
    assert found.confidence == pytest.approx(0.525)
