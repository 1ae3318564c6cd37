"""The subcommands: the model file, the engine's process, the kept conversations, and `api`."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from shellper.cli.arguments import Subcommand
from shellper.cli.exits import ExitCode
from shellper.cli.show import Screen
from shellper.config import Settings, load_settings, paths
from shellper.frontend.text import visible

if TYPE_CHECKING:
    from shellper.cli.models import OpenEngine
    from shellper.session import Store


def run_subcommand(command: Subcommand, screen: Screen, open_engine: OpenEngine | None = None) -> int:
    """Run a subcommand and return the exit code; raises the errors of the rooms that it uses."""
    settings = load_settings()
    group = command.words.split()[0]
    if group == "api":
        return _api(command, settings, screen, open_engine)
    if group == "check":
        from shellper.cli.check import check
        from shellper.cli.opening import working_folder

        return check(command.command, command.lines, command.json, working_folder(command.folder))
    if group == "doctor":
        from shellper.cli.doctor import doctor

        return doctor(settings, as_json=command.json)
    if group == "jobs":
        from shellper.cli.background import run_jobs

        return run_jobs(command.words, command.ids, screen, print_visible, as_json=command.json)
    if group in ("undo", "redo", "history"):
        return _undoing(command, screen)
    if group == "model":
        return _MODEL[command.words](command, settings, screen)
    if group == "engine":
        return _ENGINE[command.words](command, settings, screen)
    from shellper.session import STORE_NAME, open_store

    if not (paths().state / STORE_NAME).exists():
        return _no_sessions(command)
    store = open_store(paths().state)
    try:
        return _SESSIONS[command.words](command, store, screen)
    finally:
        store.close()


def _undoing(command: Subcommand, screen: Screen) -> int:
    """Take changes back, do them again, or list them."""
    from shellper.cli.terminal import find_terminal
    from shellper.cli.undoing import Manner, show_history, turn_back
    from shellper.effects import Choice, What

    if command.words == "history":
        return show_history(print_visible, screen, as_json=command.json)
    choice = None if command.changed is None else Choice(command.changed.replace("-", " "))
    manner = Manner(screen, find_terminal(), command.yes, command.json, choice)
    return turn_back(What(command.words), command.count, manner)


def print_visible(line: str) -> None:
    """Print a line, made visible."""
    print(visible(line))


def _print_json(data: object) -> None:
    print(json.dumps(data, default=str))


def _api(command: Subcommand, settings: Settings, screen: Screen, open_engine: OpenEngine | None) -> int:
    """Serve JSON lines until the standard input ends."""
    from shellper.cli.api import serve
    from shellper.cli.models import ready_engine
    from shellper.cli.opening import working_folder

    engine = (open_engine or ready_engine)(settings, command.daemon, screen)
    try:
        serve(sys.stdin.buffer, sys.stdout, engine, working_folder(command.folder))
    finally:
        engine.close()
    return ExitCode.OK


def _model_path(command: Subcommand, settings: Settings, screen: Screen) -> int:
    """Print where the weights lie, or would lie."""
    from shellper.cli.models import weights_path

    print(weights_path(settings))
    return ExitCode.OK


def _model_build(command: Subcommand, settings: Settings, screen: Screen) -> int:
    """Build the weights, unless they are there and every byte is right."""
    from shellper.cli.models import BuildProgress
    from shellper.weights import WEIGHTS_FILE, WeightsError, ensure, verify

    folder = paths().data
    rebuild = command.force
    with BuildProgress(screen) as progress:
        if not rebuild and (folder / WEIGHTS_FILE).exists():
            try:
                verify(ensure(folder, progress.told))
            except WeightsError as error:
                screen.note(f"built anew: {error}")
                rebuild = True
        path = ensure(folder, progress.told, rebuild=rebuild)
    if settings.weights is not None:
        screen.note(f"the settings name another file, which is the one that is used: {settings.weights}")
    print(path)
    return ExitCode.OK


def _model_info(command: Subcommand, settings: Settings, screen: Screen) -> int:
    """Print what the weights are and what they are made of."""
    from shellper.cli.models import weights_path
    from shellper.weights import WeightsError, use_file
    from shellper.weights.manifest import MEND, read_manifest

    path = weights_path(settings)
    manifest = None if settings.weights else read_manifest(path)
    if settings.weights is not None:
        use_file(path)
    elif manifest is None or not path.exists():
        raise WeightsError(f"there are no weights at {path}; {MEND}")
    facts: dict[str, Any] = {"path": str(path), "size": path.stat().st_size}
    if manifest is not None:
        facts |= {"sha256": manifest.sha256, **asdict(manifest.inputs)}
    if command.json:
        _print_json(facts)
    else:
        _print_facts(facts)
    return ExitCode.OK


def _model_verify(command: Subcommand, settings: Settings, screen: Screen) -> int:
    """Check every byte of the weights."""
    from shellper.cli.models import weights_path
    from shellper.weights import use_file, verify

    path = weights_path(settings)
    if settings.weights is not None:
        use_file(path)
        print(f"{path}: can be used (it has no manifest to be checked against)")
    else:
        print(f"{path}: whole, sha256 {verify(path).sha256}")
    return ExitCode.OK


def _engine_status(command: Subcommand, settings: Settings, screen: Screen) -> int:
    """Print what the engine's process says of itself."""
    from shellper.cli.models import weights_path
    from shellper.engine import status

    found = status(weights_path(settings))
    if command.json:
        _print_json({"running": found is not None, **(asdict(found) if found else {})})
    elif found is None:
        print("no engine is running; the next request starts one")
    else:
        facts = asdict(found)
        facts["memory_bytes"] = f"{found.memory_bytes / 1e6:.0f} MB"
        facts["seconds"], facts["idle_seconds"] = f"{found.seconds:.0f}", f"{found.idle_seconds:.0f}"
        _print_facts(facts)
    return ExitCode.OK


def _engine_stop(command: Subcommand, settings: Settings, screen: Screen) -> int:
    """End the engine's process."""
    from shellper.cli.models import weights_path
    from shellper.engine import stop

    print("the engine has ended" if stop(weights_path(settings)) else "no engine was running")
    return ExitCode.OK


def _print_facts(facts: dict[str, Any]) -> None:
    width = max(len(name) for name in facts)
    for name, value in facts.items():
        print(f"{name.replace('_', ' '):<{width}}  {visible(str(value))}")


def _no_sessions(command: Subcommand) -> int:
    """Answer where no conversation was ever kept."""
    from shellper.session import StoreError

    if command.words == "sessions list":
        return ExitCode.OK
    raise StoreError("no conversation is kept yet; a request begins one")


def _sessions_list(command: Subcommand, store: Store, screen: Screen) -> int:
    """Print one line a conversation, the last one first."""
    for found in store.conversations():
        if command.json:
            _print_json(asdict(found))
        else:
            when = time.strftime("%Y-%m-%d %H:%M", time.localtime(found.changed_at))
            turns = f"{found.turns} turn{'s'[: found.turns != 1]}"
            print(f"{found.id:>5}  {when}  {turns:>9}  {visible(found.title)}")
    return ExitCode.OK


def _sessions_show(command: Subcommand, store: Store, screen: Screen) -> int:
    """Print a conversation: this terminal's last one where none is named."""
    from shellper.cli.transcript import transcript, transcript_record
    from shellper.session import StoreError, current_folder, terminal_identity

    found = command.ids[0] if command.ids else store.last_for(terminal_identity(), current_folder())
    if found is None:
        raise StoreError("no conversation is kept yet; a request begins one")
    conversation = store.load(found)
    if command.json:
        _print_json(transcript_record(conversation))
    else:
        for line in transcript(conversation):
            print(visible(line))
    return ExitCode.OK


def _sessions_rm(command: Subcommand, store: Store, screen: Screen) -> int:
    """Remove conversations; those that are there are removed even where another one isn't."""
    from shellper.session import StoreError

    missing = [found for found in command.ids if not store.remove(found)]
    if missing:
        names = ", ".join(str(found) for found in missing)
        raise StoreError(f"there is no conversation {names}; `shellper sessions list` shows what there is")
    return ExitCode.OK


_MODEL: dict[str, Callable[[Subcommand, Settings, Screen], int]] = {
    "model build": _model_build,
    "model info": _model_info,
    "model verify": _model_verify,
    "model path": _model_path,
}
_ENGINE: dict[str, Callable[[Subcommand, Settings, Screen], int]] = {
    "engine status": _engine_status,
    "engine stop": _engine_stop,
}
_SESSIONS: dict[str, Callable[[Subcommand, Store, Screen], int]] = {
    "sessions list": _sessions_list,
    "sessions show": _sessions_show,
    "sessions rm": _sessions_rm,
}
