"""A failure that the wall caused says which wall and how to widen it; other failures say nothing."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from shellper.sandbox import Policy, SandboxLevel, explain_refusal, run

from .conftest import BUBBLEWRAP, each_level


@pytest.fixture
def top() -> Iterator[Path]:
    top = Path(tempfile.mkdtemp(prefix="shellper-test-", dir="/var/tmp")).resolve()
    for name in ("root", "home/.ssh", "beside"):
        (top / name).mkdir(parents=True)
    (top / "home" / ".ssh" / "id").write_text("secret\n")
    yield top
    shutil.rmtree(top)


@pytest.fixture(params=[SandboxLevel.FULL, SandboxLevel.LIMITED, BUBBLEWRAP])
def level(request: pytest.FixtureRequest) -> SandboxLevel:
    return each_level(request)


@pytest.fixture
def policy(top: Path, level: SandboxLevel) -> Policy:
    return Policy(folder=top / "root", home=top / "home", level=level)


def said(command: str, policy: Policy) -> str:
    return explain_refusal(run(command, policy), policy, command)


@pytest.mark.parametrize(
    ("command", "parts"),
    [
        ("touch ../beside/x", ["{top}/beside/x read-only, only {top}/root can be written", "--no-sandbox"]),
        ("echo x > ../beside/x", ["{top}/beside/x read-only"]),
        ("mkdir '../beside/two words'", ["{top}/beside/two words read-only"]),
        ("cat ~/.ssh/id", ["hides {top}/home/.ssh/id, which can hold secrets", "--no-sandbox"]),
        ("exec 3<>/dev/tcp/127.0.0.1/9", ["no network", "--network"]),
    ],
)
def test_wall_is_named(policy: Policy, top: Path, command: str, parts: list[str]) -> None:
    line = said(command, policy)
    assert len(line.splitlines()) == 1
    for part in parts:
        assert part.format(top=top) in line


@pytest.mark.parametrize("command", ["true", "false", "cat none", "exit 3", "ls /root/none", "echo denied >&2; exit 1"])
def test_other_failures_are_the_commands_own(policy: Policy, command: str) -> None:
    assert said(command, policy) == ""


def test_folder_whose_mode_forbids_it_is_no_wall(policy: Policy, top: Path) -> None:
    result = run("true", policy)
    denied = replace(
        result,
        exit_code=1,
        stderr=replace(result.stderr, text="cat: /nobody-has-this/x: Permission denied\n"),
    )
    assert explain_refusal(denied, policy) == ""


def test_git_settings_are_named(policy: Policy, top: Path, level: SandboxLevel) -> None:
    if level is not SandboxLevel.FULL:
        pytest.skip("only mounts keep them")
    subprocess.run(["git", "init", "-q"], cwd=top / "root", check=True)
    assert f"keeps {top}/root/.git/config in its place" in said("git config a.b c", policy)
    assert "can run programs later" in said("touch .git/hooks/pre-commit", policy)


def test_git_hooks_that_could_not_be_kept_are_named(policy: Policy, top: Path, level: SandboxLevel) -> None:
    subprocess.run(["git", "init", "-q"], cwd=top / "root", check=True)
    assert said("echo x > x; git add x", policy) == ""
    assert f"changed {top}/root/.git/commondir" in said("echo ../../beside > .git/commondir", policy)
    (top / "root" / ".git" / "commondir").unlink()
    line = said("echo x > .git/hooks/pre-commit", policy)
    assert ("changed" if level is SandboxLevel.LIMITED else "keeps") in line


def test_private_temporary_folder_is_named(policy: Policy, level: SandboxLevel, tmp_path: Path) -> None:
    if level is not SandboxLevel.FULL:
        pytest.skip("only mounts make one")
    (tmp_path / "report").write_text("x")
    assert f"hides {tmp_path}/report" in said(f"cat {tmp_path}/report", policy)
    assert "private /tmp, gone with the 1 file left in it" in said("echo x > /tmp/kept", policy)
    assert said('name="$(mktemp)"; rm "$name"  # in /tmp', policy) == ""


def test_outside_the_sandbox_nothing_is_said(policy: Policy) -> None:
    assert said("touch /proc/x", replace(policy, level=SandboxLevel.NONE)) == ""


def test_hidden_processes_are_named(policy: Policy, level: SandboxLevel) -> None:
    with subprocess.Popen(["sleep", "600"]) as other:
        try:
            line = said(f"kill -CONT {other.pid}; exit 1", policy)
        finally:
            other.kill()
    assert ("hides the machine's other processes" in line) == (level is SandboxLevel.FULL)


def test_refused_rights_are_named(policy: Policy) -> None:
    result = run("true", policy)
    text = 'sudo: The "no new privileges" flag is set, which prevents sudo from running as root.\n'
    refused = replace(result, exit_code=1, stderr=replace(result.stderr, text=text))
    assert "another user's rights" in explain_refusal(refused, policy)
