"""Cutting outputs: head and tail stay, the budget holds, and what is left out is said."""

import re

from hypothesis import example, given, settings
from hypothesis import strategies as st

from shellper.dialect import cut_output
from shellper.dialect.cut import numbered
from shellper.weights import LlamaTokenizer

lines = st.text(st.sampled_from("ab c.\t{}/é日\U0001f468\u2581\U000e0001"), max_size=30) | st.builds(
    lambda part, count: part * count, st.text("aZ0 \U0001f468日", min_size=1, max_size=5), st.integers(1, 300)
)
outputs = st.builds(
    lambda parts, count: "\n".join(parts * count), st.lists(lines, min_size=1, max_size=12), st.integers(1, 30)
)
NOTE = re.compile(r"\[\.\.\. ([0-9]+) (lines|characters) left out \.\.\.\]")


@settings(max_examples=150)
@given(text=outputs, budget=st.integers(80, 300))
@example(text="\U000e0001" * 100, budget=200)
@example(text="x9Q" * 5000, budget=80)
@example(text=f"{'x9Q' * 500}\n{'y' * 9000}", budget=80)
def test_head_and_tail_are_kept_within_the_budget(text: str, budget: int, tokenizer: LlamaTokenizer) -> None:
    cut = cut_output(text, tokenizer, budget)
    assert len(tokenizer.text(cut)) <= budget
    body = text.strip("\n")
    if cut == body:
        return
    first, last = NOTE.split(cut)[0], NOTE.split(cut)[-1]
    assert NOTE.search(cut)
    assert first
    assert last
    assert body.startswith(first)
    assert body.endswith(last)


@settings(max_examples=50)
@given(text=outputs)
def test_what_fits_stays_as_it_is(text: str, tokenizer: LlamaTokenizer) -> None:
    body = text.strip("\n")
    if len(body) < 8 * 200 and len(tokenizer.text(body)) <= 200:
        assert cut_output(text, tokenizer, 200) == body


def test_the_number_of_lines_left_out_is_right(tokenizer: LlamaTokenizer) -> None:
    every = [f"line {number}" for number in range(1000)]
    cut = cut_output("\n".join(every), tokenizer, 100).split("\n")
    note = next(index for index, line in enumerate(cut) if NOTE.fullmatch(line))
    match = NOTE.fullmatch(cut[note])
    assert match is not None
    assert cut[:note] == every[:note]
    assert cut[note + 1 :] == every[-len(cut[note + 1 :]) :]
    assert int(match[1]) == 1000 - (len(cut) - 1)
    assert note > len(cut) - note


def test_the_ends_of_a_long_line_stay(tokenizer: LlamaTokenizer) -> None:
    cut = cut_output("start " + "x" * 100_000 + " end", tokenizer)
    assert cut.startswith("start xxx")
    assert cut.endswith("xxx end")
    assert NOTE.search(cut)


def test_blank_ends_go(tokenizer: LlamaTokenizer) -> None:
    assert cut_output("\n\n  a\n\nb \n\n", tokenizer) == "  a\n\nb "
    assert cut_output("\n", tokenizer) == ""


def test_lines_are_numbered_where_there_are_several() -> None:
    assert numbered("a.txt") == "a.txt"
    assert numbered("a.txt\n\n b.txt") == "1 a.txt\n2 \n3  b.txt"


def test_numbers_go_on_behind_the_lines_left_out(tokenizer: LlamaTokenizer) -> None:
    every = [f"line {number}" for number in range(1, 1001)]
    lines = numbered(cut_output("\n".join(every), tokenizer, 100)).split("\n")
    kept = [line for line in lines if not NOTE.fullmatch(line)]
    assert len(kept) == len(lines) - 1
    assert all(line == f"{line.rsplit(' ', 1)[1]} line {line.rsplit(' ', 1)[1]}" for line in kept)
