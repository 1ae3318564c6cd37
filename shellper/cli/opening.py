"""Opening what a turn needs: settings, folder, store, engine, session."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from shellper.cli.arguments import Options
from shellper.cli.models import OpenEngine
from shellper.cli.show import Screen
from shellper.cli.terminal import Terminal, find_terminal
from shellper.config import Settings, load_settings, paths
from shellper.effects import EffectsError, Keeper
from shellper.engine import Engine
from shellper.session import Session, Store, StoreError, check_level, current_folder, open_store, terminal_identity


@dataclass(frozen=True)
class Opened:
    """What is open for the turns of one program; `terminal` is None where nobody can be asked."""

    options: Options
    settings: Settings
    screen: Screen
    terminal: Terminal | None
    folder: Path
    engine: Engine
    store: Store | None
    keeper: Keeper | None = None

    def session(self, resume: bool = False, conversation: int | None = None) -> Session:
        """Return a new session, or one that goes on: with this terminal's last conversation, or with the one named."""
        identity = terminal_identity()
        resumed = None
        if conversation is not None and self.store is not None:
            resumed = self.store.load(conversation)
        elif resume and self.store is not None:
            last = self.store.last_for(identity, self.folder)
            if last is None:
                self.screen.note("there is no conversation to go on with; this is a new one")
            else:
                resumed = self.store.load(last)
        return Session(
            self.engine,
            self.settings,
            self.folder,
            Path.home(),
            store=self.store,
            terminal=identity,
            resumed=resumed,
            keeper=self.keeper,
        )


@contextmanager
def opened(options: Options, screen: Screen, open_engine: OpenEngine) -> Iterator[Opened]:
    """Open all of it, and let go of it in the end.

    Raises `ConfigError`, `SessionError` where the folder is gone, `WeightsError`, `EngineError`, and `StoreError` where
    the conversation to go on with can't be read; else a store that can't be used costs only a warning.
    """
    terminal = find_terminal()
    settings = _settings(options, terminal)
    folder = working_folder(options.folder)
    if settings.sandbox != "none" and not options.print_only and not options.outside:
        check_level(settings)
    with ExitStack() as stack:
        store = _store(settings, options.resume, screen)
        if store is not None:
            stack.callback(store.close)
        engine = open_engine(settings, options.daemon, screen)
        stack.callback(engine.close)
        # Where nothing is run, nothing is tried out either.
        keeper = None if options.print_only or (terminal is None and not options.yes) else _keeper(screen)
        if keeper is not None:
            stack.callback(keeper.close)
        yield Opened(options, settings, screen, terminal, folder, engine, store, keeper)


def _keeper(screen: Screen) -> Keeper:
    """Return the keeper of what commands change; what was interrupted the last time is taken back and told."""
    keeper = Keeper(paths().state, Path.home())
    try:
        for line in keeper.recover():
            screen.note(line)
    except EffectsError as error:
        screen.note(f"what was interrupted can't be taken back: {error}")
    return keeper


def _settings(options: Options, terminal: Terminal | None) -> Settings:
    """Return the settings, as far as the options leave them."""
    settings = load_settings()
    if options.time_limit is not None:
        settings = replace(settings, time_limit=options.time_limit)
    if options.sandbox is not None:
        settings = replace(settings, sandbox=options.sandbox)
    if options.network:
        settings = replace(settings, network=True)
    # Outside the sandbox the user decides on each command.
    if options.outside:
        settings = replace(settings, auto_run=False)
    # What is only printed must not run: neither what the user asked to be printed, nor without someone to ask.
    if options.print_only or (terminal is None and not options.yes):
        settings = replace(settings, auto_run=False)
    return settings


def working_folder(named: Path | None) -> Path:
    """Return the folder to work in, absolute, under the name that the user has for it.

    Raises `SessionError` where it is gone.
    """
    if named is None:
        return current_folder()
    path = current_folder() / named if not named.is_absolute() else named
    # `..` behind a link is not what stands before the link: only the system knows.
    return path.resolve() if ".." in path.parts else path


def _store(settings: Settings, resume: bool, screen: Screen) -> Store | None:
    """Open the store if there is something to write or to read."""
    if not settings.history and not resume:
        return None
    try:
        return open_store(paths().state)
    except StoreError as error:
        if resume:
            raise
        screen.note(f"this conversation is not saved: {error}")
        return None
