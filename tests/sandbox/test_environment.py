"""What a command sees of the environment, and what it never sees."""

from dataclasses import replace
from pathlib import Path

import pytest

from shellper.sandbox import Policy, SandboxError, run
from shellper.sandbox.environment import DEFAULT_PATH, clean_environment

SECRETS = [
    "GITHUB_TOKEN",
    "AWS_SECRET_ACCESS_KEY",
    "OPENAI_API_KEY",
    "DB_PASSWORD",
    "LC_SECRET",
    "SSH_AUTH_SOCK",
    "DBUS_SESSION_BUS_ADDRESS",
    "DISPLAY",
    "http_proxy",
    "UNKNOWN_NAME",
]
CODE = ["LD_PRELOAD", "LD_LIBRARY_PATH", "BASH_ENV", "ENV", "PS4", "PROMPT_COMMAND", "BASH_FUNC_ls%%", "PYTHONPATH"]


def seen_by(policy: Policy) -> dict[str, str]:
    return dict(line.split("=", 1) for line in run("env", policy).stdout.text.splitlines())


@pytest.mark.parametrize("name", SECRETS + CODE)
def test_variable_is_not_seen(policy: Policy, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "planted-value")
    result = run("env; cat /proc/$PPID/environ /proc/self/environ | tr '\\0' '\\n'", policy)
    assert "planted-value" not in result.combined.text
    assert "PATH=" in result.stdout.text


def test_variables_that_are_needed_are_seen(policy: Policy, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"LANG": "C.UTF-8", "LC_TIME": "C", "TZ": "Europe/Paris", "USER": "someone", "VIRTUAL_ENV": "/venv"}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    seen = seen_by(policy)
    assert {name: seen[name] for name in given} == given
    assert seen["HOME"] == str(folder)


def test_nothing_pages_asks_or_colours(policy: Policy) -> None:
    seen = seen_by(policy)
    wanted = {"TERM": "dumb", "PAGER": "cat", "GIT_PAGER": "cat", "GIT_TERMINAL_PROMPT": "0", "NO_COLOR": "1"}
    assert {name: seen[name] for name in wanted} == wanted


def test_relative_path_entries_are_dropped(policy: Policy, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trap = folder / "trapped"
    trap.write_text("#!/bin/sh\necho trapped\n")
    trap.chmod(0o755)
    monkeypatch.setenv("PATH", ".::bin:/usr/bin:/bin")
    assert run("echo $PATH", policy).stdout.text == "/usr/bin:/bin\n"
    assert run("trapped", policy).exit_code == 127


def test_empty_path_gets_the_usual_one() -> None:
    assert clean_environment({"PATH": "."}, Path("/h"), Path("/f"), {})["PATH"] == DEFAULT_PATH
    assert clean_environment({}, Path("/h"), Path("/f"), {})["PATH"] == DEFAULT_PATH


def test_locale_is_utf8_where_none_is_set() -> None:
    assert clean_environment({}, Path("/h"), Path("/f"), {})["LANG"] == "C.UTF-8"
    assert "LANG" not in clean_environment({"LC_ALL": "de_DE.UTF-8"}, Path("/h"), Path("/f"), {})


def test_extras_of_the_policy_are_seen(policy: Policy) -> None:
    extra = replace(policy, environment={"MY_SETTING": "é = 1", "PAGER": "more"})
    assert run('echo "$MY_SETTING $PAGER"', extra).stdout.text == "é = 1 more\n"


@pytest.mark.parametrize("name", ["LD_PRELOAD", "BASH_ENV", "MY_TOKEN", "some_api_key", "A_Secret"])
def test_extras_that_are_dangerous_are_refused(policy: Policy, name: str) -> None:
    with pytest.raises(SandboxError, match=f"{name} is never given"):
        run("true", replace(policy, environment={name: "x"}))


@pytest.mark.parametrize(("name", "value"), [("", "x"), ("A=B", "x"), ("A", "x\0y")])
def test_extras_that_cannot_be_are_refused(policy: Policy, name: str, value: str) -> None:
    with pytest.raises(SandboxError, match="can't be an environment variable"):
        run("true", replace(policy, environment={name: value}))
