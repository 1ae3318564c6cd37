"""Paths with `*` and `?`: patterns where no file has that very name, and never a way in for an option."""

import subprocess
from pathlib import Path

import bashlex
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from shellper.calls import Argument, LocalDisk, ToolCall, explain, render, render_command
from tests.calls.strategies import CATALOGUE, HOSTILE

PARTS = ("a", "b.txt", "my notes", "$(touch pwned)", "`id`", "'", '"', "[ab]", "{a,b}", "~", "#", "&", ";", "\\", "\n")
RENDERED: list[tuple[str, dict[str, Argument], str]] = [
    ("cat", {"file_name": "*.log"}, "cat -- *.log"),
    ("cat", {"file_name": "draft?.txt"}, "cat draft?.txt"),
    ("cat", {"file_name": "my notes/*.txt"}, "cat 'my notes/'*.txt"),
    ("cat", {"file_name": "~/my notes/*"}, "cat ~/'my notes/'*"),
    ("cat", {"file_name": "-*"}, "cat -- -*"),
    ("cat", {"file_name": "it's*"}, "cat it\\'s*"),
    ("cat", {"file_name": "[ab]*$x"}, "cat '[ab]'*'$x'"),
    ("cp", {"source": "draft*", "destination": "old"}, "cp draft* old"),
    ("cp", {"source": "*.csv", "destination": "old*"}, "cp -- *.csv 'old*'"),
    ("diff", {"file_name1": "a*", "file_name2": "b?"}, "diff a* b?"),
    ("du", {"path": "*", "human_readable": True}, "du -h -- *"),
    ("find", {"path": "*.d", "name": "*.py"}, "find ./*.d -name '*.py'"),
    ("find", {"path": "src*"}, "find src*"),
    ("grep", {"file_name": "*.log", "pattern": "a*"}, "grep -- 'a*' *.log"),
    ("head", {"file_name": "*.md", "lines": 2}, "head -n 2 -- *.md"),
    ("ls", {"path": "*.txt"}, "ls -- *.txt"),
    ("mv", {"source": "*.csv", "destination": "archive"}, "mv -- *.csv archive"),
    ("rm", {"file_name": "tmp/*"}, "rm tmp/*"),
    ("rmdir", {"dir_name": "old*"}, "rmdir old*"),
    ("sort", {"file_name": "?.txt"}, "sort -- ?.txt"),
    ("tail", {"file_name": "logs/*"}, "tail logs/*"),
    ("wc", {"file_name": "*.py"}, "wc -l -- *.py"),
    ("chmod", {"file_name": "*.sh", "mode": "+x"}, "chmod -- +x *.sh"),
    ("tar", {"archive": "a*.tgz", "source": "*.txt"}, "tar -caf 'a*.tgz' -- *.txt"),
    ("zip", {"archive": "a.zip", "source": "*.txt"}, "zip -r a.zip -- *.txt"),
    # What is new, a text, or one archive is never a pattern.
    ("touch", {"file_name": "*.txt"}, "touch '*.txt'"),
    ("mkdir", {"dir_name": "a*"}, "mkdir 'a*'"),
    ("cd", {"folder": "a*"}, "cd 'a*'"),
    ("echo", {"content": "*", "file_name": "*"}, "echo '*' >> '*'"),
    ("untar", {"archive": "*.tgz"}, "tar -xf '*.tgz'"),
    ("unzip", {"archive": "*.zip", "folder": "*"}, "unzip -n '[*].zip' -d '*'"),
    ("which", {"program": "*"}, "which '*'"),
]
WITH_PATTERN = [
    (tool.name, parameter.name) for tool in CATALOGUE.tools.values() for parameter in tool.parameters if parameter.glob
]


@pytest.fixture
def disk(tmp_path: Path) -> LocalDisk:
    (tmp_path / "folder").mkdir()
    (tmp_path / "home").mkdir()
    return LocalDisk(tmp_path / "folder", tmp_path / "home")


@pytest.mark.parametrize(("name", "arguments", "text"), RENDERED)
def test_a_pattern_is_left_to_the_shell(disk: LocalDisk, name: str, arguments: dict[str, Argument], text: str) -> None:
    assert render(ToolCall(name, arguments), disk=disk) == text


def test_every_argument_that_takes_patterns_is_rendered_above() -> None:
    assert {(name, key) for name, arguments, _ in RENDERED for key in arguments} >= set(WITH_PATTERN)


@pytest.mark.parametrize(("tool", "argument"), WITH_PATTERN)
def test_a_file_of_that_very_name_is_meant_itself(disk: LocalDisk, tool: str, argument: str) -> None:
    (disk.folder / "*.log").touch()
    (disk.folder / "a.log").touch()
    others = {p.name: "600" if p.form else "x" for p in CATALOGUE.tools[tool].parameters if p.required}
    call = ToolCall(tool, {**others, argument: "*.log"})
    command = render_command(call, disk=disk)
    assert not command.globs
    assert "'*.log'" in command.text
    assert command.text == render(call)


def test_a_dangling_link_is_there_too(disk: LocalDisk) -> None:
    (disk.folder / "a*").symlink_to("nowhere")
    assert render(ToolCall("rm", {"file_name": "a*"}), disk=disk) == "rm 'a*'"


def test_without_a_disk_a_name_is_a_name() -> None:
    assert render(ToolCall("rm", {"file_name": "*.log"})) == "rm '*.log'"


def test_copying_by_a_pattern_that_matches_a_folder_gets_its_flag(disk: LocalDisk) -> None:
    (disk.folder / "draft.txt").touch()
    (disk.home / "drafts").mkdir()
    call = ToolCall("cp", {"source": "draft*", "destination": "old"})
    assert render(call, disk=disk) == "cp draft* old"
    (disk.folder / "drafts").mkdir()
    assert render(call, disk=disk) == "cp -r draft* old"
    assert dict(explain(call, disk=disk))["draft*"] == "what is copied"
    assert render(ToolCall("cp", {"source": "~/d*", "destination": "old"}), disk=disk) == "cp -r ~/d* old"


class Shell:
    """A folder in which commands are run."""

    def __init__(self, disk: LocalDisk) -> None:
        self.disk = disk

    def run(self, command: str) -> bytes:
        done = subprocess.run(
            ["bash", "--norc", "-c", command],
            cwd=self.disk.folder,
            env={"PATH": "/usr/bin:/bin", "HOME": str(self.disk.home), "LC_ALL": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
        )
        assert done.stderr == b""
        return done.stdout


def test_what_a_pattern_matches_is_never_an_option(disk: LocalDisk) -> None:
    names = [name for name in HOSTILE if "/" not in name and name not in (".", "..")]
    for name in names:
        (disk.folder / name).write_text(f"of {name}")
    (disk.folder / ".kept").touch()
    (disk.folder / "sub").mkdir()
    (disk.folder / "sub" / "-rf").touch()
    shell = Shell(disk)
    shown = [name for name in names if not name.startswith(".")]
    for tool in ("wc", "head", "tail", "sort", "chmod"):
        call = ToolCall(tool, {"file_name": "?*", **({"mode": "a+r"} if tool == "chmod" else {})})
        command = render(call, disk=disk).replace("?*", "[!s]*")
        assert command.split()[0] == tool
        shell.run(command)
    found = shell.run(render(ToolCall("find", {"path": "?*", "type": "f"}), disk=disk)).decode()
    assert all(f"./{name}" in found for name in shown)
    shell.run(render(ToolCall("tar", {"archive": "../all.tar", "source": "**"}), disk=disk))
    shell.run(render(ToolCall("rm", {"file_name": "**", "recursive": True}), disk=disk))
    assert sorted(path.name for path in disk.folder.iterdir()) == [".hidden", ".kept"]


@settings(max_examples=200)
@given(parts=st.lists(st.sampled_from(PARTS), max_size=4), wild=st.sampled_from(["*", "?", "**", "?*"]))
def test_all_but_the_wildcards_is_quoted(parts: list[str], wild: str) -> None:
    disk = LocalDisk(Path("/nowhere"), Path("/nowhere"))
    pattern = wild.join(["", *parts, ""])
    command = render_command(ToolCall("rm", {"file_name": pattern}), disk=disk)
    assert command.argv[-1] == pattern
    assert command.globs == {len(command.argv) - 1}
    done = subprocess.run(
        ["bash", "--norc", "-fc", f'argv() {{ printf "%s\\0" "$@"; }}; argv {command.text}'],
        capture_output=True,
        env={"HOME": "/nowhere"},
        check=True,
    )
    assert (done.stdout.decode().split("\0")[:-1], done.stderr) == (list(command.argv), b"")
    assert list(bashlex.split(command.text)) == list(command.argv)


@given(name=st.text(st.sampled_from("ab.[]!-\\ *?{}^"), min_size=1, max_size=6))
@settings(max_examples=150)
def test_the_disk_matches_what_bash_matches(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    assume("*" in name or "?" in name)
    folder = tmp_path_factory.getbasetemp() / "matched"
    if not folder.is_dir():
        folder.mkdir()
        for one in ("a", "b", "ab", "a.b", "-a", ".a", "[a]", "a b", "\\", "a-b", "!", "{a,b}", "^", "..a"):
            (folder / one).touch()
    disk = LocalDisk(folder, folder)
    text = render_command(ToolCall("rm", {"file_name": name}), disk=disk).text
    word = text.removeprefix("rm ").removeprefix("-- ")
    found = Shell(disk).run(f'shopt -s nullglob; printf "%s\\0" {word}').decode().split("\0")[:-1]
    assert [one for one in found if one] == sorted(disk.matches(name))


def test_what_the_disk_cannot_hold_is_not_there(disk: LocalDisk) -> None:
    for name in ("a\0b", "x" * 300, "x" * 5000, "a" * 300 + "*"):
        assert not disk.exists(name)
        assert not disk.is_folder(name)
        assert list(disk.matches(name)) == []
