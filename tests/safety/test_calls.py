"""The verdict on a tool call together with the command that is rendered from it."""

from pathlib import Path

import pytest

from shellper.calls import ToolCall, load_catalogue, render
from shellper.calls.call import Argument
from shellper.safety import Context, Level, judge
from tests.safety.context import CONTEXT

ARGUMENTS: dict[str, dict[str, Argument]] = {
    "cat": {"file_name": "notes.txt"},
    "cd": {"folder": "~/My Docs"},
    "chmod": {"file_name": "run.sh", "mode": "+x"},
    "cp": {"source": "a", "destination": "b"},
    "date": {},
    "df": {"human_readable": True},
    "diff": {"file_name1": "a", "file_name2": "b"},
    "du": {"human_readable": True},
    "echo": {"content": "text", "file_name": "notes.txt"},
    "find": {"name": "invoice", "type": "f", "larger": "10M", "smaller": "1G", "newer": 7, "older": 1},
    "grep": {"file_name": ".", "pattern": "-x", "recursive": True, "ignore_case": True},
    "head": {"file_name": "a b", "lines": 3},
    "kill": {"pid": 4242},
    "ls": {"a": True, "long": True, "order": "time", "reverse": True},
    "mkdir": {"dir_name": "new"},
    "mv": {"source": "a", "destination": "b"},
    "ps": {"name": "fire fox"},
    "pwd": {},
    "rm": {"file_name": "-odd", "recursive": True},
    "rmdir": {"dir_name": "empty"},
    "sort": {"file_name": "a b", "numeric": True, "reverse": True},
    "tail": {"file_name": "log", "lines": 20},
    "tar": {"archive": "photos.tar.gz", "source": "-odd"},
    "touch": {"file_name": "new"},
    "untar": {"archive": "photos.tar.gz", "folder": "out"},
    "unzip": {"archive": "photos.zip", "folder": "out"},
    "wc": {"file_name": "a", "mode": "w"},
    "which": {"program": "git"},
    "zip": {"archive": "photos.zip", "source": "photos"},
}


@pytest.mark.parametrize("name", sorted(load_catalogue().tools))
def test_reading_tools_are_allowed_and_writing_tools_confirmed(name: str) -> None:
    call = ToolCall(name, ARGUMENTS[name])
    kind = load_catalogue().tools[name].kind
    verdict = judge(call, render(call), CONTEXT)
    expected = Level.ALLOW if kind == "read" else Level.WARN if name == "kill" else Level.CONFIRM
    assert verdict.level is expected, verdict.reasons


def test_echo_without_a_file_only_prints() -> None:
    for content in ("hello", "-n", "rm -rf /", "$(rm x)", r"a\nb"):
        call = ToolCall("echo", {"content": content})
        assert judge(call, render(call), CONTEXT).level is Level.ALLOW, content


@pytest.mark.parametrize("path", ["~", "~/", "/", ".", "..", "../..", "/home", "/home/ann", "sub/..", "/etc", "./."])
def test_deleting_a_kept_folder_is_blocked_by_the_arguments_alone(path: str) -> None:
    call = ToolCall("rm", {"file_name": path, "recursive": True})
    assert judge(call, render(call), CONTEXT).level is Level.BLOCK
    assert judge(call, "pwd", CONTEXT).level is Level.BLOCK


@pytest.mark.parametrize(
    ("name", "arguments", "level"),
    [
        ("mv", {"source": "~", "destination": "x"}, Level.BLOCK),
        ("mv", {"source": "x", "destination": "/etc/x"}, Level.WARN),
        ("cp", {"source": "~/.ssh/id_rsa", "destination": "x"}, Level.WARN),
        ("cat", {"file_name": "/etc/shadow"}, Level.WARN),
        ("cat", {"file_name": ".env"}, Level.CONFIRM),
        ("ls", {"path": "~/.ssh"}, Level.ALLOW),
        ("echo", {"content": "x", "file_name": "~/.bashrc"}, Level.WARN),
        ("echo", {"content": "x", "file_name": "/dev/sda"}, Level.BLOCK),
        ("rm", {"file_name": "~/Downloads/x"}, Level.CONFIRM),
        ("rm", {"file_name": "*"}, Level.CONFIRM),
        ("rm", {"file_name": "$HOME"}, Level.CONFIRM),
        ("rmdir", {"dir_name": "~"}, Level.WARN),
        ("cat", {"file_name": "a\u202eb"}, Level.BLOCK),
        ("cat", {"file_name": "a\nb"}, Level.ALLOW),
        ("untar", {"archive": "a.tgz", "list": True}, Level.ALLOW),
        ("untar", {"archive": "a.tgz"}, Level.CONFIRM),
        ("untar", {"archive": "a.tgz", "list": False}, Level.CONFIRM),
        ("untar", {"archive": "host:a.tgz", "list": True}, Level.CONFIRM),
        ("untar", {"archive": "a.tgz", "folder": "~/.ssh"}, Level.WARN),
        ("unzip", {"archive": "a.zip", "list": True}, Level.ALLOW),
        ("unzip", {"archive": "a.zip"}, Level.CONFIRM),
        ("unzip", {"archive": "a.zip", "folder": "~/.ssh"}, Level.WARN),
        ("zip", {"archive": "/etc/x.zip", "source": "a"}, Level.WARN),
        ("zip", {"archive": "x.zip", "source": "~/.ssh"}, Level.WARN),
        ("tar", {"archive": "x.tgz", "source": "~/.gnupg"}, Level.WARN),
        ("tar", {"archive": "/dev/sda", "source": "a"}, Level.BLOCK),
        ("chmod", {"file_name": "~/.ssh", "mode": "600"}, Level.CONFIRM),
        ("chmod", {"file_name": "run.sh", "mode": "777"}, Level.WARN),
        ("chmod", {"file_name": "notes.txt", "mode": "-w"}, Level.CONFIRM),
        ("kill", {"pid": 1}, Level.BLOCK),
        ("ps", {}, Level.ALLOW),
        ("du", {"depth": 1}, Level.ALLOW),
        ("ls", {"order": "size"}, Level.ALLOW),
        ("head", {"file_name": "/etc/shadow"}, Level.WARN),
        ("mkdir", {"dir_name": "a/b/c", "parents": True}, Level.CONFIRM),
    ],
)
def test_arguments_are_taken_exactly(name: str, arguments: dict[str, Argument], level: Level) -> None:
    call = ToolCall(name, arguments)
    verdict = judge(call, render(call), CONTEXT)
    assert verdict.level is level, verdict.reasons


def test_the_text_counts_when_it_is_worse_than_the_call() -> None:
    call = ToolCall("ls", {})
    assert judge(call, "ls; rm -rf ~", CONTEXT).level is Level.BLOCK
    assert judge(call, "ls > out", CONTEXT).level is Level.CONFIRM


def test_without_a_call_the_text_alone_counts() -> None:
    assert judge(None, "ls", CONTEXT).level is Level.ALLOW
    assert judge(None, "rm -rf /", CONTEXT).level is Level.BLOCK


def test_a_tool_outside_the_catalogue_is_a_warning() -> None:
    assert judge(ToolCall("format", {}), "ls", CONTEXT).level is Level.WARN


def test_a_link_to_home_can_go_but_not_what_it_points_to(tmp_path: Path) -> None:
    home = tmp_path / "home"
    folder = tmp_path / "work"
    home.mkdir()
    folder.mkdir()
    (folder / "link").symlink_to(home)
    context = Context(folder, home)
    for path, level in (("link", Level.CONFIRM), ("link/", Level.BLOCK), ("link/.", Level.BLOCK)):
        call = ToolCall("rm", {"file_name": path, "recursive": True})
        assert judge(call, render(call), context).level is level
