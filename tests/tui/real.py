"""The session on the real model that the golden screens and the README's pictures show: ten requests, and files."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

FOLDER = "garden"
FILES = {
    "budget.csv": "seeds,40\ntools,120\nsoil,65\nfence,210\n",
    "letter.txt": "Dear Jonas,\nthe beans are doing well.\nYours, Maya\n",
    "notes.txt": "call Priya\nbuy seeds\n",
    "reports/spring.md": "# Spring\n\nWe sowed beans.\nThe rain was late.\n",
    "reports/summer.md": "# Summer\n\nThe beans did well.\nWe sold 40 kg of tomatoes.\n",
}


@dataclass(frozen=True)
class Ask:
    """A request, the command that is wanted for it, what is done with that, and what the screen shows then.

    `edit` is what the command is changed to in place before it runs; `key` decides.
    """

    request: str
    command: str
    shows: str
    key: str = "r"
    edit: str = ""


ASKS = (
    Ask("what is in this folder?", "ls", "reports"),
    Ask("how many lines does budget.csv have?", "wc -l budget.csv", "4 budget.csv"),
    Ask("copy it to budget-old.csv", "cp budget.csv budget-old.csv", "exit 0"),
    Ask("make a folder called archive", "mkdir archive", "exit 0", edit="mkdir -p archive/2026"),
    Ask("delete notes.txt", "rm notes.txt", "skipped, nothing was run", key="s"),
    Ask("show me autumn.md", "cat autumn.md", "No such file"),
    Ask("go into the reports folder", "cd reports", "now in"),
    Ask("list the files here", "ls", "summer.md"),
    Ask("search for beans in summer.md", "grep beans summer.md", "The beans did well."),
    Ask("rename spring.md to march.md", "mv spring.md march.md", "exit 0"),
)


def make_world(home: Path) -> Path:
    """Write the files into a home; gives the folder that the session begins in."""
    folder = home / FOLDER
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@dataclass(frozen=True)
class Card:
    """The last card on a screen: its text, its command (empty for none), and how far its turn has got."""

    text: str
    command: str
    is_asked: bool
    is_over: bool


_BUSY = re.compile(r"^ (?:▌|  ) ?(?:thinking|building|trying it out|running ·|stopping)", re.M)
_SCROLLBAR = re.compile(r"[ \u2581-\u2588]+$", re.M)


def last_card(screen: str, request: str) -> Card | None:
    """Read the last card off a screen; None where it is not that request's."""
    _, found, body = _SCROLLBAR.sub("", screen).rpartition(f" › {request}\n")
    if not found or "\n › " in body:
        return None
    commands = re.findall(r"^ ▌ \$ (.*)$", body, re.M)
    asked = " s skip" in body
    answer = re.search(r"^ ▌ (?:. exit \d+|skipped,|stopped,)|^   \S", body, re.M)
    over = answer is not None and not asked and _BUSY.search(body) is None
    return Card(body, commands[-1] if commands else "", asked, over)
