"""Cutting a command's output to the tokens the model is given for it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from shellper.dialect.control import Tokenizer

OUTPUT_TOKENS = 200
_HEAD_SHARE = 2 / 3
# A line longer than this is cut before it is tokenized: nothing in the middle of it would be kept anyway.
_LINE_CHARACTERS = 400
LEFT_OUT = re.compile(r"\[\.\.\. (\d+) lines left out \.\.\.\]")
"""The line that stands for those that were left out."""


def cut_output(text: str, tokenizer: Tokenizer, budget: int = OUTPUT_TOKENS) -> str:
    """Return the head and the tail of an output, with a line that says how much was left out.

    `budget` is in tokens, at least 80; an output within it is returned as it is, without blank ends.
    """
    text = text.strip("\n")
    # No token stands for less than a byte.
    if len(text.encode("utf-8", "replace")) <= budget:
        return text
    if len(text) < 8 * budget and len(tokenizer.text(text)) <= budget:
        return text
    lines = text.split("\n")
    if len(lines) == 1:
        return _cut_line(text, tokenizer, budget)
    budget -= len(tokenizer.text(_left_out(len(lines)))) + 1
    head_budget = int(budget * _HEAD_SHARE)
    head = _fitting(lines, tokenizer, head_budget)
    tail = _fitting(reversed(lines[len(head) :]), tokenizer, budget - head_budget)[::-1]
    left_out = len(lines) - len(head) - len(tail)
    return "\n".join([*head, *([_left_out(left_out)] if left_out else []), *tail])


def numbered(text: str) -> str:
    """Return a cut output with each line's number in front of it, one of a single line as it is.

    "The third one" is then looked up, where a small model would have to count.
    """
    lines = text.split("\n")
    if len(lines) == 1:
        return text
    number, made = 0, []
    for line in lines:
        number += 1
        if left_out := LEFT_OUT.fullmatch(line):
            number += int(left_out[1][:9]) - 1
            made.append(line)
        else:
            made.append(f"{number} {line}")
    return "\n".join(made)


def _left_out(lines: int) -> str:
    return f"[... {lines} lines left out ...]"


def _cut_line(line: str, tokenizer: Tokenizer, budget: int) -> str:
    """Return a line, the middle of a long one left out."""
    half = _LINE_CHARACTERS // 2
    cut = line if len(line) <= _LINE_CHARACTERS else _without_middle(line, half)
    half = min(half, len(line) // 2)
    while half and len(tokenizer.text(cut)) > budget:
        half = half * 3 // 4
        cut = _without_middle(line, half)
    return cut


def _without_middle(line: str, half: int) -> str:
    """Return so many characters of a line's start and of its end."""
    end = len(line) - half
    return f"{line[:half]}[... {end - half} characters left out ...]{line[end:]}"


def _fitting(lines: Iterable[str], tokenizer: Tokenizer, budget: int) -> list[str]:
    """Return the first lines that fit into a number of tokens with their ends, the very first one in any case."""
    kept: list[str] = []
    total = 0
    for line in lines:
        cut = _cut_line(line, tokenizer, budget - 1)
        total += len(tokenizer.text(cut)) + 1
        if total > budget:
            break
        kept.append(cut)
    return kept
