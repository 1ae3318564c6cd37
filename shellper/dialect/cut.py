"""Cutting a command's output to the tokens the model is given for it."""

from __future__ import annotations

from shellper.dialect.control import Tokenizer

OUTPUT_TOKENS = 200
_HEAD_SHARE = 2 / 3
# A line longer than this is cut before it is tokenized: nothing in the middle of it would be kept anyway.
_LINE_CHARACTERS = 400


def cut_output(text: str, tokenizer: Tokenizer, budget: int = OUTPUT_TOKENS) -> str:
    """Return the head and the tail of an output, with a line that says how much was left out.

    `budget` is in tokens; an output within it is returned as it is, without blank ends.
    """
    text = text.strip("\n")
    if len(text) <= budget or (len(text) < 8 * budget and len(tokenizer.text(text)) <= budget):
        return text
    lines = [_cut_line(line) for line in text.split("\n")]
    head = _fitting(lines, tokenizer, int(budget * _HEAD_SHARE))
    tail = _fitting(lines[head:][::-1], tokenizer, budget - int(budget * _HEAD_SHARE))
    left_out = len(lines) - head - tail
    if left_out <= 0:
        return "\n".join(lines)
    ending = lines[len(lines) - tail :] if tail else []
    return "\n".join([*lines[:head], f"[... {left_out} lines left out ...]", *ending])


def _cut_line(line: str) -> str:
    """Return a line, the middle of a very long one left out."""
    if len(line) <= _LINE_CHARACTERS:
        return line
    half = _LINE_CHARACTERS // 2
    return f"{line[:half]}[... {len(line) - 2 * half} characters left out ...]{line[-half:]}"


def _fitting(lines: list[str], tokenizer: Tokenizer, budget: int) -> int:
    """Return how many of the first lines fit into a number of tokens."""
    for count, line in enumerate(lines):
        budget -= len(tokenizer.text(line)) + 1
        if budget < 0:
            return count
    return len(lines)
