"""`shellper doctor`: what the sandbox keeps from commands on this machine, tried out anew."""

from __future__ import annotations

import json
from dataclasses import asdict

from shellper.cli.exits import ExitCode
from shellper.config import Settings, paths
from shellper.frontend.text import visible
from shellper.sandbox import Offer, Probe, SandboxLevel, Trial, forget
from shellper.sandbox.selftest import MUST_WORK, candidates, test


def doctor(settings: Settings, *, as_json: bool) -> int:
    """Print every way to put up walls and every attempt to break out of it; what was remembered is forgotten.

    The exit code is 1 where the least level of the settings is not offered.
    """
    folder = paths().state
    forget(folder)
    trials = tuple(test(level, backend, folder) for level, backend in candidates())
    best = next((trial for trial in trials if trial.holds), None)
    found = Offer(best.level, best.backend, trials) if best else Offer(SandboxLevel.NONE, None, trials)
    if as_json:
        print(json.dumps({"label": found.label, **asdict(found)}))
    else:
        print(f"sandbox: {found.label}")
        for trial in trials:
            _show(trial)
    return ExitCode.OK if found.level.reaches(SandboxLevel(settings.sandbox)) else ExitCode.FAILED


def _show(trial: Trial) -> None:
    by = f" by {trial.backend}" if trial.backend else ""
    state = "holds" if trial.holds else f"can't be had: {trial.failure}" if trial.failure else "does not hold"
    print(visible(f"\nlevel {trial.level}{by}: {state}"))
    for probe in trial.probes:
        print(visible(f"  {'ok ' if probe.holds else 'BAD'}  {probe.name}: {_said(probe)}"))


def _said(probe: Probe) -> str:
    """Return what came of an attempt, in a word."""
    if probe.holds:
        return "works" if probe.name == MUST_WORK else "refused"
    return "is refused" if probe.name == MUST_WORK else "is possible"
