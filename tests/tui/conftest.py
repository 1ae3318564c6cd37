"""What the tests of the app share: the real app on a scripted engine, in a small world of files."""

import asyncio
import inspect
import io
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from rich.console import Console
from textual import events
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input

from shellper.calls import ToolCall
from shellper.cli.transcript import transcript_record
from shellper.config import Settings
from shellper.dialect import Conversation, ModelStep
from shellper.effects import Keeper
from shellper.engine import Generation, GenerationCancelled, ScriptedEngine
from shellper.engine.scripted import ScriptedStep
from shellper.session import Session, Store, open_store
from shellper.tui.app import ShellperApp
from shellper.tui.screens import turns as turns_module
from shellper.tui.screens.conversation import ConversationScreen
from shellper.tui.start import Start
from shellper.tui.widgets.card import TurnCard
from shellper.tui.widgets.request import RequestField
from shellper.tui.widgets.stage import State
from shellper.tui.widgets.step import StepView

SECONDS = 30


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run tests that are coroutines, each in a loop of its own."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = inspect.signature(pyfuncitem.obj).parameters
    asyncio.run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names}))
    return True


def call(name: str, **arguments: str | int | bool) -> ToolCall:
    return ToolCall(name, arguments)


def unsure(name: str, **arguments: str | int | bool) -> Generation:
    return Generation(ModelStep(call(name, **arguments)), 0.31)


class Held(ScriptedEngine):
    """Writes the beginning of a call, and goes on when it is let or cancelled."""

    def __init__(self) -> None:
        super().__init__()
        self.go_on = threading.Event()

    def generate(
        self,
        conversation: Conversation,
        on_text: Callable[[str], None] | None = None,
        cancelled: threading.Event | None = None,
    ) -> Generation:
        if on_text is not None and not self.go_on.is_set():
            on_text('call:wc{file_name:"not')
        while not self.go_on.wait(0.01):
            if cancelled is not None and cancelled.is_set():
                raise GenerationCancelled
        return super().generate(conversation, on_text, cancelled)


class Seat:
    """Someone who sits at the app: types, looks, waits."""

    def __init__(self, app: ShellperApp, pilot: Pilot[int]) -> None:
        self.app, self.pilot = app, pilot

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def type(self, text: str) -> None:
        """Put a text where the focus is, key by key."""
        names = {
            " ": "space",
            "/": "slash",
            "!": "exclamation_mark",
            "\n": "ctrl+j",
            "_": "underscore",
            ".": "full_stop",
        }
        await self.press(*(names.get(character, character) for character in text))

    async def say(self, text: str) -> None:
        """Type a line and send it."""
        self.field.text = text
        self.field.to_end()
        await self.pilot.pause()
        self.main.area.close()
        await self.press("enter")

    async def until(self, done: Callable[[], object], what: str = "") -> None:
        """Wait until something holds."""
        end = time.monotonic() + SECONDS
        while not done():
            if time.monotonic() > end:
                raise AssertionError(f"waited in vain for {what or done}; the screen shows:\n{self.screen}")
            await self.pilot.pause(0.02)
        await self.pilot.pause()

    async def sees(self, *texts: str) -> None:
        """Wait until all texts stand on the screen."""
        for text in texts:
            await self.until(lambda text=text: text in self.screen, repr(text))  # type: ignore[misc]

    async def asked(self) -> StepView:
        """Wait until a proposal is to be decided on, and has the focus unless something is being typed."""
        await self.until(lambda: self.step is not None and self.step.state is State.ASKED, "a question")
        await self.until(lambda: self.at(self.step) or self.field.text, "the focus")
        return self.last

    async def hit(self, *keys: str) -> None:
        """Hit keys so fast that none is heeded before the last one is hit."""
        for key in keys:
            self.app.post_message(events.Key(key, key if len(key) == 1 else {"space": " "}.get(key)))
        await self.pilot.pause()

    async def ended(self) -> None:
        """Wait until the turn is over."""
        await self.until(lambda: self.main.turn is None, "the end of the turn")

    async def quiet(self) -> None:
        """Wait until the screen has looked the same for a while, and no message is on it that goes away."""
        self.app.clear_notifications()
        for line in self.app.screen.query(Input):
            line.cursor_blink = False
        before = ""
        while before != self.screen:
            before = self.screen
            await self.pilot.pause(0.15)

    def at(self, widget: Widget | None) -> bool:
        """Say whether the focus is there."""
        return self.app.focused is widget

    def shows(self, screen: Screen[None]) -> bool:
        """Say whether that screen is shown."""
        return self.app.screen is screen

    def stands(self, state: State) -> bool:
        """Say whether the last step has got so far."""
        return self.last.state is state

    @property
    def main(self) -> ConversationScreen:
        return self.app.conversation

    @property
    def field(self) -> RequestField:
        return self.main.area.field

    @property
    def input(self) -> Input:
        return self.app.screen.query_one(Input)

    @property
    def cards(self) -> list[TurnCard]:
        return list(self.main.query(TurnCard))

    @property
    def step(self) -> StepView | None:
        return self.cards[-1].step if self.cards else None

    @property
    def waits(self) -> bool:
        """Whether a proposal is to be decided on, by keys."""
        return self.step is not None and self.step.state is State.ASKED and self.at(self.step)

    @property
    def last(self) -> StepView:
        assert self.step is not None
        return self.step

    @property
    def screen(self) -> str:
        """What stands on the screen, without spaces at the ends of lines."""
        return screen_text(self.app)


def screen_text(app: ShellperApp) -> str:
    width, height = app.size
    console = Console(
        width=width, height=height, file=io.StringIO(), force_terminal=True, record=True, color_system=None
    )
    console.print(app.screen._compositor.render_update(full=True, screen_stack=app._background_screens))
    return "\n".join(line.rstrip() for line in console.export_text().replace("\u00a0", " ").split("\n")).rstrip("\n")


class Room:
    """A home with files, a store, and an engine; `open` opens the app in it."""

    def __init__(self, folder: Path) -> None:
        self.home, self.state = folder / "home", folder / "shellper" / "state"
        (self.home / "docs").mkdir(parents=True)
        (self.home / "notes.txt").write_text("one\ntwo\n")
        (self.home / "docs" / "plan.md").write_text("# Plan\n")
        self.settings = Settings()
        self.engine: ScriptedEngine = ScriptedEngine()
        self.store: Store = open_store(self.state)
        self.keeper = Keeper(self.state, self.home)

    def session(self, conversation: int | None = None) -> Session:
        resumed = None if conversation is None else self.store.load(conversation)
        return Session(
            self.engine,
            self.settings,
            self.home,
            self.home,
            store=self.store,
            terminal="t1",
            resumed=resumed,
            keeper=self.keeper,
        )

    def start(self, conversation: int | None = None, *, store: bool = True) -> Start:
        return Start(
            self.settings,
            self.session(conversation),
            self.session,
            self.store if store else None,
            self.state,
            Path("/models/gemma3-270m.gguf"),
            lambda: self.engine.context_tokens,
            transcript_record,
        )

    @asynccontextmanager
    async def open(
        self, *steps: ScriptedStep, size: tuple[int, int] = (80, 24), start: Start | None = None
    ) -> AsyncIterator[Seat]:
        self.engine.enqueue(*steps)
        app = ShellperApp(start or self.start())
        async with app.run_test(size=size, notifications=True) as pilot:
            seat = Seat(app, pilot)
            await seat.until(lambda: seat.main.header.level, "the sandbox level")
            yield seat

    def close(self) -> None:
        self.keeper.close()
        self.store.close()


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    monkeypatch.setenv("SHELLPER_HOME", str(tmp_path / "shellper"))
    monkeypatch.setenv("TZ", "UTC")
    for name in ("NO_COLOR", "WAYLAND_DISPLAY", "DISPLAY", "WSL_DISTRO_NAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(turns_module, "KEY_GUARD", 0.0)
    room = Room(tmp_path)
    yield room
    room.close()
