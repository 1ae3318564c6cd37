"""Escapes and control characters are taken out, wherever the text is cut."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shellper.sandbox.escapes import EscapeFilter

CASES = [
    ("plain\ttext\n", "plain\ttext\n"),
    ("\x1b[1;31mred\x1b[0m", "red"),
    ("\x1b[38;2;1;2;3mtrue colour\x1b[K", "true colour"),
    ("\x1b[?1049h\x1b[2J\x1b[Hscreen", "screen"),
    ("\x9b31mC1\x9b0m", "C1"),
    ("\x1b]0;title\x07after", "after"),
    ("\x1b]0;title\x1b\\after", "after"),
    ("\x1b]52;c;ZXZpbA==\x07after", "after"),
    ("\x9d52;c;ZXZpbA==\x9cafter", "after"),
    ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
    ("\x1bPq#0;2;0;0;0#0!14~\x1b\\image", "image"),
    ("\x1b_app\x1b\\\x1b^pm\x1b\\\x1bXsos\x1b\\x", "x"),
    ("\x1bPtmux;\x1b\x1b]52;c;AA\x07\x1b\\x", "x"),
    ("\x1b(B\x1b)0\x1b=\x1b>\x1b7\x1b8\x1bcx", "x"),
    ("\x1b]never ended\nnext line", "\nnext line"),
    ("\x1b]never ended", ""),
    ("\x1b[31", ""),
    ("\x1b", ""),
    ("\x1b]cancelled\x18shown", "shown"),
    ("\x1b[3\nm", "3\nm"),
    ("\x1b[é", "é"),
    ("a\x00\x07\x08\x0b\x0c\x0e\x7f\x80\x85\x9ab", "ab"),
    ("one\r\ntwo\r\n", "one\ntwo\n"),
    ("10%\r20%\r100%\n", "10%\n20%\n100%\n"),
    ("odd\r\r\n", "odd\n"),
    ("\r\x1b[Kcleared\r", "\ncleared\n"),
    ("é日🙂\x1b[0m é日🙂", "é日🙂 é日🙂"),
]


def filtered(*pieces: str) -> str:
    one = EscapeFilter()
    return "".join(one.feed(piece) for piece in pieces) + one.finish()


@pytest.mark.parametrize(("text", "clean"), CASES)
def test_escapes_are_taken_out(text: str, clean: str) -> None:
    assert filtered(text) == clean


@pytest.mark.parametrize(("text", "clean"), CASES)
def test_it_does_not_matter_where_text_is_cut(text: str, clean: str) -> None:
    assert filtered(*text) == clean
    for cut in range(len(text)):
        assert filtered(text[:cut], text[cut:]) == clean


PIECES = st.lists(st.text(st.sampled_from("\x1b[]P\\;0m \x07\x18\x9b\x9c\x9d\r\n\bab日")))


@given(PIECES)
def test_any_text_gives_the_same_in_any_pieces(pieces: list[str]) -> None:
    clean = filtered(*pieces)
    assert clean == filtered("".join(pieces))
    assert not set(clean) & set("\x1b\x07\x18\x9b\x9c\x9d\r\b")


@given(st.text())
def test_clean_text_stays_as_it_is(text: str) -> None:
    clean = filtered(text)
    assert filtered(clean) == clean


def test_escape_that_never_ends_costs_no_memory() -> None:
    one = EscapeFilter()
    assert one.feed("\x1b]") == ""
    for _ in range(100):
        assert one.feed("x" * 10_000) == ""
    assert one.feed("\x07shown") == "shown"
    one = EscapeFilter()
    shown = one.feed("\x1b[") + "".join(one.feed("0" * 100) for _ in range(10))
    assert len(shown) >= 500  # no escape is that long, so it is text


@pytest.mark.parametrize("unit", ["\x1b[", "\x1b]", "\x9d", "\x9b", "\x1b[0", "\x1b ", "\r", "\x1b[;;;; "])
@pytest.mark.parametrize("end", ["", "\n", "é", "\x07"])
def test_hostile_repetition_is_fast(unit: str, end: str) -> None:
    began = time.monotonic()
    filtered(unit * 50_000 + end)
    assert time.monotonic() - began < 5
