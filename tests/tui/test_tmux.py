"""The real program in a real terminal emulator (tmux): ten requests to the real model, the screens as text.

The golden screens are in tests/tui/snapshots/tmux.txt. After a change of the model or of the app, this one command
writes them anew:

    SHELLPER_NEW_SNAPSHOTS=1 python -m pytest tests/tui/test_tmux.py -k ten_requests

Look at the difference before you commit it. Where the model proposes something else than is wanted, the title of a
screen says `WRONG`; the session puts it right as a person would, by editing it, and goes on. With more than
`MOST_WRONG` of those the test fails. The same session makes the README's pictures: `python -m tests.tui.pictures`.
"""

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from shellper.resources import adapter_folder
from shellper.sandbox import SandboxLevel, current_level
from shellper.session.store import STORE_NAME
from shellper.weights.adapter import ADAPTER_FILE
from tests.cli.conftest import Program
from tests.tui.pane import Pane, settled
from tests.tui.real import ASKS, Ask, Card, last_card, make_world

GOLDEN = Path(__file__).parent / "snapshots" / "tmux.txt"
MOST_WRONG = 1
"""Wrong proposals of ten that are put up with: it is a small model, and a new one errs elsewhere."""

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path)


@pytest.fixture
def pane(program: Program, tmp_path: Path) -> Iterator[Pane]:
    program.script()
    pane = Pane("tests.tui.entry", program.home, _at_terminal(program), tmp_path / "tmux")
    yield pane
    pane.close()


def _at_terminal(program: Program) -> dict[str, str]:
    return {**program.environment, "ACCESSIBLE": "0", "NO_COLOR": ""}


class RealSession:
    """The session, played in a pane; `screens` are kept, `wrong` are the proposals that were not wanted."""

    def __init__(self, pane: Pane, store: Path) -> None:
        self.pane, self._store = pane, store
        self.screens: list[str] = []
        self.wrong: list[str] = []

    def keep(self, title: str) -> None:
        """Keep what stands on the screen when it has come to rest."""
        self.screens.append(f"== {title}\n{settled(self.pane.rested)}\n")

    def card(self, ask: Ask, decided: str = "") -> Card:
        """Wait until the request's card is to be decided on (more than what is decided), or its turn is over."""
        found: list[Card] = []

        def is_there() -> bool:
            card = last_card(self.pane.screen, ask.request)
            asked = card is not None and card.is_asked and card.command != decided
            # A turn is over when the store says so: on a busy machine a screen can stand half drawn for a while.
            over = card is not None and card.is_over and self._is_ended(ask)
            found[:] = [card] if card is not None and (asked or over) else []
            return bool(found)

        self.pane.until(is_there, f"an answer to {ask.request!r}")
        return found[0]

    def _is_ended(self, ask: Ask) -> bool:
        """Say whether the last turn of the store is that of the request (or of its command, typed) and has ended."""
        with contextlib.closing(sqlite3.connect(f"{self._store.as_uri()}?mode=ro", uri=True)) as database:
            row = database.execute("SELECT request, ended_at FROM turns ORDER BY id DESC LIMIT 1").fetchone()
        return row is not None and row[0] in (ask.request, ask.command) and row[1] is not None

    def play(self, number: int, ask: Ask) -> None:
        """Ask, keep the proposal, decide, keep the outcome."""
        self.pane.say(ask.request)
        card = self.card(ask)
        if card.is_asked and card.command == ask.command:
            self.keep(f"{number}: {ask.request}")
        else:
            self._put_right(number, ask, card)
        if ask.edit and card.command != ask.edit:
            self._edit(ask.command, ask.edit, f"{number}: edited in place")
            self.keep(f"{number}: the edit is proposed")
        self.pane.press(ask.key)
        over = self.card(ask, ask.edit or ask.command)
        assert ask.shows in over.text, over.text
        if over.is_asked:
            self._say_wrong(number, f"proposes `{over.command}`, and nothing more was wanted")
            self.pane.press("q")
            self.pane.until(lambda: self.card(ask, over.command).is_over)
        self.keep(f"{number}: {_decision(ask)}")

    def _say_wrong(self, number: int, what: str) -> None:
        self.wrong.append(f"{number}: {what}")
        self.keep(f"{number}: WRONG: {what}")

    def _put_right(self, number: int, ask: Ask, card: Card) -> None:
        """Edit what is proposed, or type the command where nothing is."""
        proposed = f"proposes `{card.command}`" if card.is_asked else "proposes nothing"
        self._say_wrong(number, f"{proposed}, and `{ask.command}` was wanted")
        if card.is_asked:
            self._edit(card.command, ask.command)
        else:
            self.pane.say(f"!{ask.command}")
            self.pane.sees(f"! {ask.command}", "s skip")

    def _edit(self, old: str, new: str, title: str = "") -> None:
        self.pane.press("e")
        self.pane.sees(f"▌  {old}")
        self.pane.press(*["BSpace"] * len(old))
        self.pane.type(new)
        if title:
            self.pane.sees(f"▌  {new}")
            self.keep(title)
        self.pane.press("Enter")
        self.pane.sees(f"$ {new}", "s skip")


def _decision(ask: Ask) -> str:
    return "skipped" if ask.key == "s" else "run"


@pytest.fixture
def real(tmp_path: Path, program: Program, weights_path: Path) -> Iterator[RealSession]:
    """The app on the built weights, in a folder of files; its engine is stopped afterwards."""
    if not (adapter_folder() / ADAPTER_FILE).is_file():
        pytest.skip("there is no adapter in model/adapter yet")
    if current_level() is not SandboxLevel.FULL:
        pytest.skip("the screens show the sandbox level full, which is not offered here")
    program.config.parent.mkdir(parents=True)
    program.config.write_text(f"weights = {str(weights_path)!r}\n")
    environment = _at_terminal(program)
    pane = Pane("tests.tui.real_entry", make_world(program.home), environment, tmp_path / "tmux")
    yield RealSession(pane, program.state / STORE_NAME)
    pane.close()
    stop = [sys.executable, "-m", "shellper", "engine", "stop"]
    subprocess.run(stop, env=environment, check=False, capture_output=True)


@pytest.mark.weights
@pytest.mark.timeout(900)
def test_ten_requests_to_the_real_model(real: RealSession, program: Program) -> None:
    pane = real.pane
    pane.sees("Say what you want", "sandbox full")
    real.keep("the start")
    for number, ask in enumerate(ASKS, 1):
        real.play(number, ask)
    pane.say("/undo")
    pane.sees("Undo this in ~/garden/reports?", "y yes")
    real.keep("10: to be undone")
    pane.decide("y", f"undone: {ASKS[-1].command}")
    real.keep("10: undone")
    pane.press("C-q")
    pane.sees("code 0")
    garden = program.home / "garden"
    assert (garden / "budget-old.csv").read_bytes() == (garden / "budget.csv").read_bytes()
    assert (garden / "archive" / "2026").is_dir() and (garden / "notes.txt").exists()
    assert sorted(path.name for path in (garden / "reports").iterdir()) == ["spring.md", "summer.md"]
    text = "\n".join(real.screens)
    if os.environ.get("SHELLPER_NEW_SNAPSHOTS"):
        GOLDEN.write_text(text)
        print("\n".join(real.wrong) or "every proposal is what was wanted")
    assert text == GOLDEN.read_text()
    assert len(real.wrong) <= MOST_WRONG, "\n".join(real.wrong)


def test_a_command_gets_the_terminal(pane: Pane, program: Program) -> None:
    pane.sees("Say what you want")
    pane.say("!read -p 'Your name: ' name; echo \"$name\" > name")
    pane.sees("skip")
    pane.press("t")
    pane.until(lambda: pane.screen.strip() == "Your name:")
    pane.say("Priya")
    pane.sees("exit 0", "a request, /word or !command")
    assert (program.home / "name").read_text() == "Priya\n"
    pane.press("C-q")
    pane.sees("code 0")
