"""The level is what was shown to hold: the self-test, what is remembered of it, and the other backends."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from shellper.sandbox import Offer, Policy, Probe, SandboxLevel, Trial, forget, levels, offer, selftest
from shellper.sandbox import bubblewrap as bwrap
from shellper.sandbox.confine import Backend
from shellper.sandbox.seatbelt import profile
from shellper.sandbox.view import see

FULL, LIMITED, NONE = SandboxLevel.FULL, SandboxLevel.LIMITED, SandboxLevel.NONE
HOLDS, BROKEN = Probe("a", True), Probe("b", False)


def test_levels_are_ordered() -> None:
    assert [FULL.reaches(least) for least in (FULL, LIMITED, NONE)] == [True, True, True]
    assert [LIMITED.reaches(least) for least in (FULL, LIMITED, NONE)] == [False, True, True]
    assert [NONE.reaches(least) for least in (FULL, LIMITED, NONE)] == [False, False, True]


def test_one_broken_probe_takes_the_name_away() -> None:
    assert Trial(FULL, Backend.OWN, (HOLDS, HOLDS)).holds
    assert not Trial(FULL, Backend.OWN, (HOLDS, BROKEN)).holds
    assert not Trial(FULL, Backend.OWN, failure="no").holds
    assert not Trial(FULL, Backend.OWN).holds


def test_without_walls_the_self_test_breaks_out() -> None:
    """What makes the self-test mean something: each attempt works where nothing is in its way."""
    found = {probe.name: probe for probe in selftest.test(NONE, None).probes}
    assert found[selftest.MUST_WORK].holds
    held = {name for name, probe in found.items() if probe.holds} - {selftest.MUST_WORK}
    assert held <= {"become root of a namespace"}  # which a system may refuse


def test_the_highest_level_that_holds_is_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    def test(level: SandboxLevel, backend: Backend | None, folder: Path | None = None) -> Trial:
        return Trial(level, backend, (HOLDS if level is LIMITED else BROKEN,))

    monkeypatch.setattr(selftest, "test", test)
    monkeypatch.setattr(selftest, "candidates", lambda: iter([(FULL, Backend.OWN), (LIMITED, None)]))
    assert (selftest.find().level, len(selftest.find().trials)) == (LIMITED, 2)
    monkeypatch.setattr(selftest, "candidates", lambda: iter([(FULL, Backend.OWN)]))
    assert selftest.find().level is NONE


def test_what_was_found_is_remembered_until_the_system_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Offer] = []

    def find(folder: Path | None = None) -> Offer:
        made.append(Offer(LIMITED, None, (Trial(LIMITED, None, (HOLDS,)),)))
        return made[-1]

    monkeypatch.setattr(selftest, "find", find)
    monkeypatch.setattr(levels, "_known", [])
    monkeypatch.setattr(levels, "_SWITCHES", (str(tmp_path / "switch"),))
    assert offer(tmp_path) == offer(tmp_path) == offer()
    levels._known.clear()  # as another process
    assert offer(tmp_path) == made[0]
    assert len(made) == 1
    levels._known.clear()
    (tmp_path / "switch").write_text("1")
    offer(tmp_path)
    assert len(made) == 2
    forget(tmp_path)
    offer(tmp_path)
    assert len(made) == 3


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"key": 1}', "\0"])
def test_a_broken_memory_is_tested_anew(tmp_path: Path, content: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selftest, "find", lambda folder=None: Offer(NONE, None))
    monkeypatch.setattr(levels, "_known", [])
    (tmp_path / levels.CACHE_NAME).write_text(content)
    assert offer(tmp_path).level is NONE
    assert json.loads((tmp_path / levels.CACHE_NAME).read_text())["level"] == "none"


def test_label_says_what_is_open() -> None:
    assert Offer(FULL, Backend.OWN).label == "full"
    assert Offer(FULL, Backend.SEATBELT).label == "full (seatbelt)"
    assert "modes, owners and times" in Offer(LIMITED, None).label


def test_bubblewrap_holds_where_it_is_installed() -> None:
    if bwrap.find() is None:
        pytest.skip("bwrap is not installed")
    trial = selftest.test(FULL, Backend.BUBBLEWRAP)
    if trial.failure:
        pytest.skip(f"bwrap can't be used here: {trial.failure}")
    assert [probe for probe in trial.probes if not probe.holds] == []


def test_bubblewrap_gets_no_capability_and_no_network(tmp_path: Path) -> None:
    policy = Policy(tmp_path, Path("/nonexistent"))
    words = list(bwrap.arguments(see(policy)))
    assert words[words.index("--cap-drop") + 1] == "ALL"
    assert {"--unshare-net", "--unshare-pid", "--die-with-parent"} <= set(words)
    assert words[words.index("--bind") + 1] == str(tmp_path.resolve())
    assert "--unshare-net" not in bwrap.arguments(see(replace(policy, network=True)))
    assert "--unshare-pid" not in bwrap.arguments(see(replace(policy, host_processes=True)))


def test_seatbelt_profile_denies_by_default(tmp_path: Path) -> None:
    folder = tmp_path / 'with "quotes" and \\'
    (tmp_path / "secret").mkdir()
    folder.mkdir()
    policy = Policy(folder, Path("/nonexistent"), masked=(tmp_path / "secret",))
    text = profile(see(policy), tmp_path / "temporary")
    assert text.splitlines()[1] == "(deny default)"
    escaped = os.path.realpath(folder).replace("\\", "\\\\").replace('"', '\\"')
    assert f'(allow file-write* (subpath "{escaped}"))' in text
    assert f'(deny file-read* file-write* (subpath "{os.path.realpath(tmp_path)}/secret"))' in text
    assert "network" not in text
    assert "network-outbound" in profile(see(replace(policy, network=True)), tmp_path)
