"""How things look: commands, verdicts, effects, outputs and outcomes as content; nothing in them is markup."""

from __future__ import annotations

import os
import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from pygments.lexers.shell import BashLexer
from pygments.token import Token
from rich.cells import cell_len
from textual.content import Content

from shellper.effects import Known
from shellper.frontend.text import home_short, visible
from shellper.safety import Level, Verdict
from shellper.session import Action, Outcome, Proposal

LEVEL_STYLES = {
    "allow": "$text-success",
    "confirm": "$text-primary",
    "warn": "bold $text-warning",
    "block": "bold $text-error",
}
QUIET = "$text-muted"
GOOD, BAD, ODD = "$text-success", "$text-error", "$text-warning"

_TOUCHES = re.compile(
    r"(?:deletes|moves away|writes to|adds to|creates|empties|cuts|changes the permissions of) `([^`]+)`"
)
_CHANGES_FILES = re.compile(r"`[^`]+` changes files")
"""Reasons that say what effects say better, as `shellper.safety` words them."""

LONGEST_LINE = 1000
"""Characters of a line that are shown on a card."""

_TOKENS = (
    (Token.Literal.String, "$text-success"),
    (Token.Literal.Number, ""),
    (Token.Name.Variable, "$text-warning"),
    (Token.Operator, "bold"),
    (Token.Punctuation, "bold"),
    (Token.Keyword, "bold $text-accent"),
    (Token.Comment, QUIET),
)
_LEXER = BashLexer(stripnl=False, ensurenl=False)


def lines(parts: Iterable[Content]) -> Content:
    """Put lines below each other."""
    return Content("\n").join(parts)


@lru_cache(256)
def command(text: str) -> Content:
    """Return a command behind a prompt sign, coloured; its further lines are set in."""
    parts: list[str | tuple[str, str]] = [("$ ", QUIET)]
    first = True
    for token, value in _LEXER.get_tokens(visible(text)):
        value = value.replace("\n", "\n  ")
        style = next((style for kind, style in _TOKENS if token in kind), "")
        if first and value.strip() and not style:
            style = "bold"
        elif value.strip().startswith("-"):
            style = "$text-accent"
        first = first and not value.strip()
        parts.append((value, style) if style else value)
    return Content.assemble(*parts).rstrip()


def verdict(found: Verdict, symbols: Mapping[str, str], width: int = 0, *, with_reasons: bool = True) -> Content:
    """Return a verdict as symbol, word and reasons, each broken to fit into `width` columns (0 leaves that open)."""
    level = found.level.value
    head = f"{symbols[level]} {level}"
    reasons = found.reasons if with_reasons else ()
    if width:
        room = max(10, width - len(head) - 2)
        reasons = tuple(line for reason in reasons for line in textwrap.wrap(visible(reason), room))
    first, *others = reasons or ("",)
    parts = [Content.assemble((head, LEVEL_STYLES[level]), (f"  {visible(first)}" if first else "", QUIET))]
    parts += [Content.styled(" " * (len(head) + 2) + visible(reason), QUIET) for reason in others]
    return lines(parts)


def beside_effects(found: Verdict, proposal: Proposal, home: Path) -> Verdict:
    """Return a verdict without the reasons that say no more than the proposal's effects; warnings keep one at least."""
    effects = proposal.effects
    if effects is None or not effects.changes or effects.known is Known.AFTERWARDS:
        return found
    paths = effects.changes.paths
    reasons = tuple(one for one in found.reasons if not _is_said(one, proposal.folder, home, paths))
    if not reasons and found.level > Level.CONFIRM:
        return found
    return replace(found, reasons=reasons)


def _is_said(reason: str, folder: Path, home: Path, paths: tuple[Path, ...]) -> bool:
    """Say whether a reason is just that one of the changed paths is touched, or that files are."""
    if _CHANGES_FILES.fullmatch(reason):
        return True
    bare = _TOUCHES.fullmatch(reason)
    if bare is None:
        return False
    name = home / bare[1].removeprefix("~/") if bare[1].startswith("~/") else folder / bare[1]
    place = Path(os.path.normpath(name))
    pattern = bare[1].removeprefix("./")
    return any(place == path.parent or place.is_relative_to(path) or path.match(pattern) for path in paths)


def doubt(proposal: Proposal, meant_key: str) -> list[Content]:
    """Return the lines on a low confidence, on a call put in place of another, and on what else may have been meant."""
    found = []
    if proposal.is_unsure:
        found.append(Content.styled(f"the model is unsure ({proposal.confidence:.0%}): read it twice", ODD))
    if proposal.note:
        found.append(Content.styled(visible(proposal.note), ODD))
    if proposal.meant is not None:
        found.append(Content.styled(f"did you mean: {visible(proposal.meant.command)}   ({meant_key} takes it)", ODD))
    return found


def effects(proposal: Proposal) -> list[Content]:
    """Return the lines on what a command changes, where that is known."""
    if proposal.effects is None:
        return []
    found = proposal.effects.lines(proposal.folder)
    return [Content.styled(visible(line), ODD if line.startswith("no undo") else "") for line in found]


def diff_of(proposal: Proposal) -> tuple[str, ...]:
    """Return the lines of the diff of what a command changes; none where there is none."""
    return () if proposal.effects is None else proposal.effects.changes.diff(proposal.folder)


def explanation(proposal: Proposal) -> list[Content]:
    """Return what the parts of a command do."""
    if not proposal.explanation:
        return [Content.styled("this command is your own; what is known of it is the verdict above", QUIET)]
    width = min(24, max(len(part) for part, _ in proposal.explanation))
    return [
        Content.assemble((f"{visible(part):<{width}}  ", "bold"), (visible(meaning), QUIET))
        for part, meaning in proposal.explanation
    ]


def keys(pairs: Sequence[tuple[str, str]], width: int = 0) -> Content:
    """Return keys and what they do, a new line begun where `width` columns are full (0 leaves that open)."""
    rows: list[list[Content]] = [[]]
    used = 0
    for key, what in pairs:
        cells = cell_len(f"{key} {what}")
        if width and rows[-1] and used + cells > width:
            rows.append([])
            used = 0
        rows[-1].append(Content.assemble((key, "bold $text-accent"), (f" {what}", QUIET)))
        used += cells + 3
    return lines(Content("   ").join(row) for row in rows)


def seconds(duration: float) -> str:
    """Return a duration for people."""
    if duration < 10:
        return f"{duration:.2f} s" if duration < 1 else f"{duration:.1f} s"
    return f"{duration:.0f} s" if duration < 120 else f"{duration / 60:.0f} min"


def elapsed(duration: float) -> str:
    """Return how long something runs by now."""
    return f"{duration:.0f} s" if duration < 120 else f"{duration // 60:.0f} min"


def ending(outcome: Outcome, symbols: Mapping[str, str], home: Path) -> Content:
    """Return how a command ended, how long it took, and behind which walls."""
    if not outcome.ran:
        word = (
            "copied"
            if outcome.decision.elsewhere
            else {Action.SKIP: "skipped", Action.STOP: "stopped"}.get(outcome.decision.action, "not run")
        )
        return Content.styled(f"{word}, nothing was run", QUIET)
    if outcome.timed_out:
        head = (f"{symbols['warn']} stopped by the time limit", ODD)
    elif outcome.cancelled:
        head = (f"{symbols['warn']} stopped by you", ODD)
    elif outcome.exit_code:
        head = (f"{symbols['block']} exit {outcome.exit_code}", BAD)
    else:
        head = (f"{symbols['allow']} exit 0", GOOD)
    parts: list[str | tuple[str, str]] = [head]
    if outcome.folder != outcome.proposal.folder:
        parts.append((f" · now in {visible(home_short(outcome.folder, home))}", QUIET))
    else:
        parts.append((f" · {seconds(outcome.duration)} · sandbox {outcome.level.value}", QUIET))
    if outcome.refusal:
        parts.append((f"\n{visible(outcome.refusal)}", ODD))
    if outcome.left:
        parts.append((f"\n{visible(outcome.left)}", ODD if outcome.job is None else QUIET))
    return Content.assemble(*parts)


def line(text: str) -> Content:
    """Return a line of an output, cut where it is very long."""
    return Content(visible(text if len(text) <= LONGEST_LINE else f"{text[: LONGEST_LINE - 1]}…"))


def folded(text: str, most: int, head: int, tail: int, hint: str) -> list[Content]:
    """Return an output's lines; of one with more than `most`, its beginning and its end."""
    found = text.removesuffix("\n").split("\n") if text else []
    if len(found) <= most:
        return [line(one) for one in found]
    fold = Content.styled(f"⋯ {len(found) - head - tail:,} more lines{hint}", QUIET)
    return [*(line(one) for one in found[:head]), fold, *(line(one) for one in found[-tail:])]
