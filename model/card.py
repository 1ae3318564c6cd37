"""The model card: `python -m model.card` writes the generated parts of `model/README.md` anew.

A part stands between `<!-- NAME -->` and `<!-- end of NAME -->`. The tables come from `card/results.jsonl`, to which
`model.evaluate --results` appends, and from the phrasings; the pictures from a run's loss log and from confidences.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from model.calibrate import Scored, calibration_error, read_scored, reliability, threshold
from model.evaluate import COLUMNS, percent
from model.phrasings import Group, load

CARD = Path(__file__).parent / "README.md"
FOLDER = Path(__file__).parent / "card"
RESULTS, CONFIDENCES = FOLDER / "results.jsonl", FOLDER / "confidences.jsonl"
PRODUCT = "Q8_0"
_SMOOTHED = 12
_LEAST_ASKED = 5

Result = Mapping[str, Any]


def read_results(path: Path = RESULTS) -> list[Result]:
    """Return the results of the evaluations, the newest one of each kind."""
    kinds: dict[tuple[Any, ...], Result] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        kinds[row["set"], row["outputs"], row["history"], row["disk"], row["weights"]] = row
    return sorted(kinds.values(), key=lambda row: (row["set"], row["outputs"], row["history"], row["disk"]))


def results_table(results: Iterable[Result]) -> str:
    """Return a line a development set, with what is right in per cent and its interval."""
    lines = [
        "| set | outputs | history | disk | calls right | rightly not called | requests right | conversations |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in results:
        shares = " | ".join(percent(*row[column]) for column in COLUMNS)
        disk = row["disk"] if row["weights"] == PRODUCT else f"{row['disk']}, {row['weights']}"
        lines.append(f"| {row['set']} | {row['outputs']} | {row['history']} | {disk} | {shares} |")
    return "\n".join(lines)


def disk_line(results: Iterable[Result]) -> str:
    """Return how many steps asking the disk has made right, and how many wrong."""
    rows = list(results)
    gained, lost = (sum(int(row[kind]) for row in rows) for kind in ("gained", "lost"))
    return f"Over the sets with real outputs it made {gained} wrong steps right and {lost} right ones wrong."


def confusion_table(results: Iterable[Result]) -> str:
    """Return a line a tool: how often it was right to call it, how often it was called, and what was called instead."""
    answers: dict[str, Counter[str]] = defaultdict(Counter)
    for row in results:
        for wanted, given in row["tools"].items():
            answers[wanted].update(given)
    lines = ["| tool | asked for | called | instead |", "| --- | --- | --- | --- |"]
    for wanted in sorted(answers):
        given = answers[wanted]
        others = ", ".join(f"{name} {count}" for name, count in given.most_common() if name != wanted)
        lines.append(f"| {wanted} | {given.total()} | {percent(given[wanted], given.total())} | {others} |")
    return "\n".join(lines)


def corpus_table() -> str:
    """Return a line a tool: its groups and its phrasings; then the scenarios."""
    groups, scenarios = load()
    by_tool: dict[str, list[Group]] = defaultdict(list)
    for group in groups:
        by_tool[group.tool].append(group)
    lines = ["| tool | groups | phrasings |", "| --- | --- | --- |"]
    for tool in sorted(by_tool, key=lambda tool: (tool in ("steps", "reply"), tool)):
        lines.append(f"| {tool} | {len(by_tool[tool])} | {sum(len(group.say) for group in by_tool[tool])} |")
    lines.append(
        f"| all | {len(groups)} | {len({text.casefold() for group in groups for text in group.say})} distinct |"
    )
    turns = [turn for scenario in scenarios for turn in scenario.turns]
    ways = sum(len(turn.say) for turn in turns)
    return "\n".join(lines) + f"\n\n{len(scenarios)} scenarios with {len(turns)} turns and {ways} ways to say them."


def calibration_table(scored: Scored) -> str:
    """Return the reliability by stretches of confidence, the error and the threshold below which the product asks."""
    bins = reliability(scored)
    lines = ["| confidence | steps | mean confidence | right |", "| --- | --- | --- | --- |"]
    lines += [f"| {b.low:.1f} to {b.high:.1f} | {b.count} | {b.confidence:.2f} | {b.right:.2f} |" for b in bins]
    found = threshold(scored)
    return "\n".join(lines) + (
        f"\n\nExpected calibration error {calibration_error(bins):.3f}. Below {found.confidence:.2f} lie"
        f" {found.wrong_below:.0%} of the wrong steps and {found.right_below:.0%} of the right ones."
    )


def replace_part(text: str, name: str, part: str) -> str:
    """Return a card with one part written anew. Raises `ValueError` where the card has no such part."""
    pattern = re.compile(rf"(<!-- {name} -->\n).*?(\n<!-- end of {name} -->)", re.DOTALL)
    if not pattern.search(text):
        raise ValueError(f"the card has no part {name!r}; mend: add <!-- {name} --> and <!-- end of {name} -->")
    return pattern.sub(lambda match: match[1] + part + match[2], text)


def parts() -> dict[str, Callable[[], str]]:
    """Return what makes each generated part, by its name."""
    return {
        "results": lambda: results_table(read_results()),
        "disk": lambda: disk_line(_plain(read_results())),
        "confusion": lambda: confusion_table(_plain(read_results())),
        "corpus": corpus_table,
        "calibration": lambda: calibration_table(read_scored(CONFIDENCES)),
    }


def _plain(results: Iterable[Result]) -> list[Result]:
    """Return the results of the product as it is: one for each set."""
    return [
        row
        for row in results
        if (row["outputs"], row["history"], row["disk"], row["weights"]) == ("real", "right calls", "asked", PRODUCT)
    ]


def generated(text: str) -> str:
    """Return a card with all its generated parts written anew."""
    for name, make in parts().items():
        text = replace_part(text, name, make())
    return text


def smoothed(values: Sequence[float], width: int = _SMOOTHED) -> list[float]:
    """Return the mean of each value and those up to `width` steps before it."""
    return [sum(values[max(0, i - width) : i + 1]) / (i + 1 - max(0, i - width)) for i in range(len(values))]


def draw_loss(logs: Sequence[Path], out: Path) -> None:
    """Draw the smoothed loss of the stages over the tokens seen, one line a stage."""
    figure, axes = _figure()
    seen = 0.0
    for number, log in enumerate(logs, 1):
        rows = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
        tokens = []
        for row in rows:
            seen += row["tokens"] / 1e6
            tokens.append(seen)
        axes.plot(tokens, smoothed([row["loss"] for row in rows]), label=f"stage {number}")
    axes.set(xlabel="million tokens", ylabel="loss of a choice", yscale="log")
    axes.legend(frameon=False)
    _save(figure, out)


def draw_calibration(scored: Scored, out: Path) -> None:
    """Draw the share of right steps over the confidence, beside the diagonal."""
    figure, axes = _figure()
    bins = reliability(scored)
    axes.plot([0, 1], [0, 1], linestyle=":", color="grey")
    axes.plot([b.confidence for b in bins], [b.right for b in bins], marker="o")
    axes.set(xlabel="confidence", ylabel="share that is right", xlim=(0, 1.02), ylim=(0, 1.02))
    _save(figure, out)


def _figure() -> tuple[Any, Any]:
    import matplotlib

    matplotlib.use("svg")
    # Without them each drawing of the same figures would be another file.
    matplotlib.rcParams["svg.hashsalt"] = "shellper"
    from matplotlib import pyplot

    return pyplot.subplots(figsize=(6, 3.2), layout="constrained")


def _save(figure: Any, out: Path) -> None:
    figure.savefig(out, metadata={"Date": None})


def main() -> None:
    """Write the parts, and the pictures whose sources are given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--loss", type=Path, nargs="+", help="the loss logs of the stages, in their order")
    arguments = parser.parse_args()
    if arguments.loss:
        draw_loss(arguments.loss, FOLDER / "loss.svg")
    draw_calibration(read_scored(CONFIDENCES), FOLDER / "calibration.svg")
    CARD.write_text(generated(CARD.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
