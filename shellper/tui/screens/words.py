"""What the words that begin with a slash do."""

from __future__ import annotations

import asyncio
import difflib
import json
import os
import shlex
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

from textual.content import Content

from shellper import __version__
from shellper.config import paths
from shellper.effects import Choice, EffectsError, Ledger, What
from shellper.frontend.jobs import lines_of
from shellper.frontend.markdown import markdown
from shellper.frontend.text import visible
from shellper.jobs import Jobs, JobsError
from shellper.session import SavedConversation, StoreError
from shellper.tui import look
from shellper.tui.screens.changes import ChangesScreen, ReversalScreen, carry_out, next_reversal
from shellper.tui.screens.doctor import DoctorScreen
from shellper.tui.screens.pager import PagerScreen
from shellper.tui.screens.sessions import SessionsScreen
from shellper.tui.slashes import SLASHES
from shellper.tui.themes import THEMES

if TYPE_CHECKING:
    from shellper.tui.screens.conversation import ConversationScreen


class Words:
    """Does what the words say, on the conversation's screen."""

    def __init__(self, screen: ConversationScreen) -> None:
        self._screen = screen
        self._actions: dict[str, Callable[[str], Awaitable[None]]] = {
            "help": self._help,
            "new": self._new,
            "sessions": self.sessions,
            "undo": self._undo,
            "redo": self._redo,
            "history": self._history,
            "jobs": self._jobs,
            "cd": self._cd,
            "model": self._model,
            "sandbox": self._sandbox,
            "doctor": self._doctor,
            "settings": self._settings,
            "theme": self._theme,
            "files": self._files,
            "export": self._export,
            "quit": self._quit,
        }
        assert [slash.name for slash in SLASHES] == list(self._actions)

    def takes(self, text: str) -> bool:
        """Say whether a text is such a word, or was meant as one."""
        word, _, rest = text.partition(" ")
        return word.startswith("/") and (word[1:] in self._actions or (word[1:].isalpha() and not rest))

    async def take(self, text: str) -> None:
        """Do what a text says."""
        word, _, argument = text[1:].partition(" ")
        action = self._actions.get(word)
        if action is None:
            close = difflib.get_close_matches(word, self._actions, n=1)
            mend = f"did you mean /{close[0]}?" if close else "/help shows what there is"
            await self._screen.note(f"there is no /{word}; {mend}", bad=True)
        else:
            await action(argument.strip())

    async def _help(self, argument: str) -> None:
        self._screen.action_help()

    async def _new(self, argument: str) -> None:
        await self._screen.open(None)

    async def _files(self, argument: str) -> None:
        self._screen.action_files()

    async def _quit(self, argument: str) -> None:
        self._screen.app.exit()

    async def sessions(self, argument: str) -> None:
        """Show past conversations; the one that is chosen is opened."""
        screen = self._screen
        if screen.start.store is None:
            await screen.note("no conversations are kept (history is off, or its file can't be used)", bad=True)
            return

        async def chosen(conversation: int | None) -> None:
            if conversation is not None:
                await screen.open(conversation)

        current = screen.session.conversation_id
        screen.app.push_screen(SessionsScreen(screen.start.store, self.export_to, current, screen.session.home), chosen)

    async def _undo(self, argument: str) -> None:
        await self._turn_round_often(What.UNDO, argument)

    async def _redo(self, argument: str) -> None:
        await self._turn_round_often(What.REDO, argument)

    async def _turn_round_often(self, what: What, argument: str) -> None:
        if argument and not (argument.isdecimal() and int(argument)):
            await self._screen.note(f"/{what.value} takes a number, such as /{what.value} 2", bad=True)
        else:
            await self.turn_round(what, int(argument or 1))

    async def turn_round(self, what: What, count: int = 1) -> None:
        """Undo or redo the last change, after it was shown and agreed to; with a count, the one before that, too."""
        screen = self._screen
        if screen.turn is not None:
            screen.notify("this turn goes on; ^C stops it", markup=False)
            return
        ledger = Ledger(screen.start.state)
        try:
            reversal = await asyncio.to_thread(next_reversal, ledger, what)
        except EffectsError as error:
            await screen.note(str(error))
            return

        async def chosen(choice: Choice | None) -> None:
            if choice is None:
                return
            try:
                await screen.note(await asyncio.to_thread(carry_out, ledger, reversal, choice))
            except EffectsError as error:
                await screen.note(str(error), bad=True)
                return
            screen.side.mark(tuple(reversal.changes.paths))
            screen.side.follow(screen.session.folder)
            if count > 1:
                await self.turn_round(what, count - 1)

        screen.app.push_screen(ReversalScreen(reversal, screen.session.home), chosen)

    async def _history(self, argument: str) -> None:
        """List what was changed."""

        async def chosen(what: What | None) -> None:
            if what is not None:
                await self.turn_round(what)

        self._screen.app.push_screen(ChangesScreen(Ledger(self._screen.start.state)), chosen)

    async def _jobs(self, argument: str) -> None:
        """List the background jobs; end one, show its output, or forget those that have ended."""
        screen, jobs = self._screen, Jobs(self._screen.start.state)
        word, _, rest = argument.partition(" ")
        number = int(rest) if rest.isascii() and rest.isdigit() else None
        try:
            if word == "stop" and number is not None:
                await asyncio.to_thread(jobs.stop, number)
                await screen.note(f"job {number} has ended")
            elif word == "log" and number is not None:
                screen.app.push_screen(PagerScreen(f"job {number}", await asyncio.to_thread(jobs.output, number)))
            elif word == "forget" and (number is not None or not rest):
                gone = await asyncio.to_thread(jobs.forget, () if number is None else (number,))
                await screen.note(f"forgotten: {', '.join(map(str, gone))}" if gone else "no job has ended")
            elif argument:
                await screen.note("/jobs lists them; also: /jobs stop N, /jobs log N, /jobs forget [N]", bad=True)
            else:
                lines = [line for job in await asyncio.to_thread(jobs.all) for line in lines_of(job)]
                await screen.note("jobs" if lines else "no jobs", list(lines))
        except JobsError as error:
            await screen.note(str(error), bad=True)

    async def _cd(self, argument: str) -> None:
        """Run a `cd`, which the session does itself."""
        word = shlex.quote(argument) if argument else ""
        if argument == "~" or argument.startswith("~/"):
            word = f"~{shlex.quote(argument[1:])}" if argument[1:] else "~"
        elif argument[:1] in ("'", '"') or argument == "-":  # as completion wrote it
            word = argument
        await self._screen.begin(f"cd {word}".strip(), own=True, at_once=True)

    async def _model(self, argument: str) -> None:
        """Show what model is used."""
        start = self._screen.start
        try:
            size = f"{start.model.stat().st_size / 1e6:,.0f} MB"
        except OSError as error:
            size = f"can't be read ({error.strerror})"
        rows = [("file", str(start.model)), ("size", size)]
        tokens = await asyncio.to_thread(start.context_tokens)
        rows.append(("context", f"{tokens:,} tokens for a conversation"))
        await self._screen.note("model", _table(rows))

    async def _sandbox(self, argument: str) -> None:
        """Show what commands are kept from."""
        settings = self._screen.start.settings
        label = await asyncio.to_thread(lambda: self._screen.session.sandbox)
        limit = f"{settings.time_limit:g} s" if settings.time_limit else "none"
        rows = [
            ("level", label),
            ("time limit", limit),
            ("unasked", "commands at allow" if settings.auto_run else "nothing"),
        ]
        await self._screen.note("sandbox (shellper doctor tests it anew)", _table(rows))

    def _places(self) -> list[tuple[str, str]]:
        """Return where everything lies."""
        start, own = self._screen.start, paths()
        return [
            ("settings", str(own.config_file)),
            ("model", str(start.model)),
            ("conversations", "are not kept" if start.store is None else str(start.store.file)),
            ("changes", str(start.state)),
            ("version", __version__),
        ]

    async def _doctor(self, argument: str) -> None:
        """Test the sandbox."""
        self._screen.app.push_screen(DoctorScreen(self._screen.start, self._places()))

    async def _settings(self, argument: str) -> None:
        """Show what is set."""
        settings = self._screen.start.settings
        rows = [(one.name, _setting(getattr(settings, one.name))) for one in fields(settings)]
        await self._screen.note(f"settings, from {paths().config_file} (read at the start)", _table(rows))

    async def _theme(self, argument: str) -> None:
        """Use another theme."""
        names = " ".join(THEMES)
        if argument in THEMES:
            self._screen.app.theme = THEMES[argument]
        else:
            now = next((name for name, inner in THEMES.items() if inner == self._screen.app.theme), "")
            await self._screen.note(f"the theme is {now}; there are: {names}", bad=bool(argument))

    async def _export(self, argument: str) -> None:
        """Write this conversation to a file."""
        screen = self._screen
        store, conversation = screen.start.store, screen.session.conversation_id
        if store is None or conversation is None:
            await screen.note("there is nothing to export: no turn of this conversation is kept", bad=True)
            return
        try:
            saved = await asyncio.to_thread(store.load, conversation)
            file = await asyncio.to_thread(self.export_to, saved, argument)
        except (StoreError, OSError) as error:
            said = f"{error.filename}: {error.strerror}" if isinstance(error, OSError) else str(error)
            await screen.note(f"not exported: {said}", bad=True)
        else:
            await screen.note(f"exported to {file}")

    def export_to(self, saved: SavedConversation, name: str) -> Path:
        """Write a conversation to a new file, as JSON where its name ends so, else as Markdown; gives its path.

        Without a name it is one in the working directory that is free. Raises OSError, also where the file is there.
        """
        folder = self._screen.session.folder
        as_json = name.endswith(".json")
        text = json.dumps(self._screen.start.as_data(saved), indent=1) + "\n" if as_json else markdown(saved)
        number = 1
        while True:
            free = f"shellper-{saved.id}{f'-{number}' if number > 1 else ''}.md"
            file = folder / Path(name or free).expanduser()
            try:
                descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            except FileExistsError:
                if name:
                    raise
                number += 1
                continue
            with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace") as opened:
                opened.write(text)
            return file


def _setting(value: object) -> str:
    """Return a value as it stands in the file; none for nothing."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return ", ".join(f"{name} = {key!r}" for name, key in value.items()) or "none"
    return str(value)


def _table(rows: list[tuple[str, str]]) -> list[Content | str]:
    width = max(len(name) for name, _ in rows)
    return [Content.assemble((f"{name:<{width}}  ", look.QUIET), visible(value)) for name, value in rows]
