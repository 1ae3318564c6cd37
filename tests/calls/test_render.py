"""Rendering: what each call becomes, and that the shell reads back exactly what was meant."""

import fnmatch
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import bashlex
import pytest
from hypothesis import HealthCheck, assume, given, settings

from shellper.calls import Argument, CallError, RenderedCommand, ToolCall, explain, render, render_command
from tests.calls.strategies import CATALOGUE, HOSTILE, calls

HOME = "/home of/nobody"
# Prints its arguments behind one another, each ended by NUL.
PRINT_ARGV = 'argv() { printf "%s\\0" "$@"; }; argv '

RENDERED: list[tuple[str, dict[str, Argument], str]] = [
    ("cat", {"file_name": "notes.txt"}, "cat notes.txt"),
    ("cat", {"file_name": "my notes.txt"}, "cat 'my notes.txt'"),
    ("cat", {"file_name": "it's"}, 'cat "it\'s"'),
    ("cat", {"file_name": "it's $5"}, "cat 'it'\"'\"'s $5'"),
    ("cat", {"file_name": "-n"}, "cat -- -n"),
    ("cat", {"file_name": "-"}, "cat ./-"),
    ("cd", {"folder": ".."}, "cd .."),
    ("cd", {"folder": "~"}, "cd ~"),
    ("cd", {"folder": "~/my files"}, "cd ~/'my files'"),
    ("cd", {"folder": "-"}, "cd -"),
    ("cd", {"folder": "-x"}, "cd -- -x"),
    ("cp", {"source": "a.txt", "destination": "b c"}, "cp a.txt 'b c'"),
    ("cp", {"source": "a", "destination": "-b"}, "cp -- a -b"),
    ("diff", {"file_name1": "a", "file_name2": "b"}, "diff a b"),
    ("du", {}, "du"),
    ("du", {"human_readable": True}, "du -h"),
    ("du", {"human_readable": False, "path": "."}, "du"),
    ("du", {"human_readable": True, "path": "docs"}, "du -h docs"),
    ("echo", {"content": "hello world"}, "echo 'hello world'"),
    ("echo", {"content": ""}, "echo ''"),
    ("echo", {"content": "hello", "file_name": "a b.txt"}, "echo hello >> 'a b.txt'"),
    ("echo", {"content": "hello", "file_name": "~/log"}, "echo hello >> ~/log"),
    ("echo", {"content": "-n"}, "printf '%s\\n' -n"),
    ("echo", {"content": "a\\nb"}, "printf '%s\\n' 'a\\nb'"),
    ("find", {}, "find ."),
    ("find", {"path": "src"}, "find src"),
    ("find", {"name": "invoice"}, "find . -name '*invoice*'"),
    ("find", {"path": "~", "name": "*.py"}, "find ~ -name '*.py'"),
    ("find", {"path": "-x", "name": "[1]"}, "find ./-x -name '*\\[1\\]*'"),
    ("grep", {"file_name": "log", "pattern": "error"}, "grep error log"),
    ("grep", {"file_name": "log", "pattern": "-v"}, "grep -e -v log"),
    ("grep", {"file_name": "-log", "pattern": "-v"}, "grep -e -v -- -log"),
    ("grep", {"file_name": "log", "pattern": "~"}, "grep '~' log"),
    ("grep", {"file_name": ".", "pattern": "x y", "ignore_case": True, "recursive": True}, "grep -r -i 'x y' ."),
    ("ls", {}, "ls"),
    ("ls", {"a": True}, "ls -a"),
    ("ls", {"long": True}, "ls -l"),
    ("ls", {"a": True, "long": True, "path": "src/lib"}, "ls -a -l src/lib"),
    ("mkdir", {"dir_name": "new folder"}, "mkdir 'new folder'"),
    ("mv", {"source": "a", "destination": "b"}, "mv a b"),
    ("pwd", {}, "pwd"),
    ("rm", {"file_name": "a"}, "rm a"),
    ("rm", {"file_name": "build", "recursive": True}, "rm -r build"),
    ("rmdir", {"dir_name": "old"}, "rmdir old"),
    ("sort", {"file_name": "a"}, "sort a"),
    ("sort", {"file_name": "a", "numeric": True, "reverse": True}, "sort -n -r a"),
    ("sort", {"file_name": "+1"}, "sort -- +1"),
    ("tail", {"file_name": "log"}, "tail log"),
    ("tail", {"file_name": "log", "lines": 10}, "tail log"),
    ("tail", {"file_name": "log", "lines": 0}, "tail -n 0 log"),
    ("tail", {"file_name": "+5"}, "tail -- +5"),
    ("touch", {"file_name": "a$b"}, "touch 'a$b'"),
    ("du", {"depth": 1, "path": "docs"}, "du -d 1 docs"),
    ("du", {"depth": 0, "human_readable": True}, "du -h -d 0"),
    ("find", {"type": "d"}, "find . -type d"),
    ("find", {"type": "f", "name": ".py", "path": "src"}, "find src -type f -name '*.py*'"),
    ("find", {"larger": "10M"}, "find . -type f -size +10485760c"),
    ("find", {"smaller": "500k", "name": "x"}, "find . -name '*x*' -type f -size -512000c"),
    ("find", {"larger": "1", "smaller": "1G", "type": "d"}, "find . -type d -size +1c -size -1073741824c"),
    ("find", {"newer": 7}, "find . -mtime -7"),
    ("find", {"older": 30, "type": "f"}, "find . -type f -mtime +30"),
    ("grep", {"file_name": "log", "pattern": "x", "line_numbers": True}, "grep -n x log"),
    ("grep", {"file_name": "log", "pattern": "x", "count": True, "ignore_case": True}, "grep -i -c x log"),
    ("ls", {"order": "size"}, "ls -S"),
    ("ls", {"order": "time", "reverse": True, "long": True}, "ls -l -t -r"),
    ("ls", {"order": "name", "reverse": True, "path": "docs"}, "ls -r docs"),
    ("mkdir", {"dir_name": "a/b c", "parents": True}, "mkdir -p 'a/b c'"),
    ("sort", {"file_name": "a", "unique": True, "reverse": True}, "sort -r -u a"),
    ("head", {"file_name": "log"}, "head log"),
    ("head", {"file_name": "-5", "lines": 3}, "head -n 3 -- -5"),
    ("chmod", {"file_name": "run.sh", "mode": "+x"}, "chmod +x run.sh"),
    ("chmod", {"file_name": "a b", "mode": "a-w"}, "chmod a-w 'a b'"),
    ("chmod", {"file_name": "a", "mode": "-w"}, "chmod -- -w a"),
    ("chmod", {"file_name": "-a", "mode": "600"}, "chmod -- 600 -a"),
    ("tar", {"archive": "src.tar.gz", "source": "src"}, "tar -caf src.tar.gz src"),
    ("tar", {"archive": "-x.tgz", "source": "--help"}, "tar -caf ./-x.tgz -- --help"),
    ("tar", {"archive": "a:b.tar", "source": "a:b"}, "tar -caf ./a:b.tar a:b"),
    ("tar", {"archive": "docs/a:b.tar", "source": "~/my docs"}, "tar -caf docs/a:b.tar ~/'my docs'"),
    ("tar", {"archive": "a.tgz", "source": "a\\n"}, "tar --no-unquote -caf a.tgz 'a\\n'"),
    ("tar", {"archive": "-", "source": "-"}, "tar -caf ./- ./-"),
    ("untar", {"archive": "a b.tgz"}, "tar -xf 'a b.tgz'"),
    ("untar", {"archive": "~/a.tgz", "folder": "~/my docs"}, "tar -xf ~/a.tgz -C ~/'my docs'"),
    ("untar", {"archive": "a.tgz", "folder": "-out"}, "tar -xf a.tgz -C ./-out"),
    ("untar", {"archive": "a.tgz", "list": True}, "tar -tf a.tgz"),
    ("untar", {"archive": "a.tgz", "list": True, "folder": "out"}, "tar -tf a.tgz"),
    ("zip", {"archive": "photos.zip", "source": "photos"}, "zip -r photos.zip photos"),
    ("zip", {"archive": "-a.zip", "source": "-b"}, "zip -r ./-a.zip -- -b"),
    ("unzip", {"archive": "a.zip"}, "unzip -n a.zip"),
    ("unzip", {"archive": "d[1]/b*.zip"}, "unzip -n 'd[1]/b[*].zip'"),
    ("unzip", {"archive": "d[1]/b.zip"}, "unzip -n 'd[1]/b.zip'"),
    ("untar", {"archive": "a.tgz", "folder": "a\\n"}, "tar --no-unquote -xf a.tgz -C 'a\\n'"),
    ("unzip", {"archive": "-a.zip", "folder": "-b"}, "unzip -n ./-a.zip -d ./-b"),
    ("unzip", {"archive": "a.zip", "list": True, "folder": "b"}, "unzip -l a.zip"),
    ("ps", {}, "ps -eo pid,pcpu,pmem,comm --sort=-pcpu"),
    (
        "ps",
        {"name": "-fire fox"},
        "ps -eo pid,pcpu,pmem,comm --sort=-pcpu | grep -i -F -e %CPU -e '-fire fox'",
    ),
    ("kill", {"pid": 4242}, "kill 4242"),
    ("df", {}, "df"),
    ("df", {"human_readable": True}, "df -h"),
    ("which", {"program": "git"}, "which git"),
    ("which", {"program": "-a b"}, "which -- '-a b'"),
    ("date", {}, "date"),
    ("wc", {"file_name": "a"}, "wc -l a"),
    ("wc", {"file_name": "a", "mode": "w"}, "wc -w a"),
    ("wc", {"file_name": "a", "mode": "c"}, "wc -c a"),
]


@pytest.mark.parametrize(("name", "arguments", "text"), RENDERED)
def test_every_tool(name: str, arguments: dict[str, Argument], text: str) -> None:
    assert render(ToolCall(name, arguments)) == text


def test_every_tool_and_argument_is_rendered_above() -> None:
    for tool in CATALOGUE.tools.values():
        given_names = {key for name, arguments, _ in RENDERED if name == tool.name for key in arguments}
        assert given_names == set(tool.by_name), tool.name


class Folders:
    """A disk with nothing but some folders."""

    def __init__(self, *names: str) -> None:
        self.names = names

    def exists(self, path: str) -> bool:
        return path in self.names

    def is_folder(self, path: str) -> bool:
        return path in self.names

    def matches(self, pattern: str) -> list[str]:
        return fnmatch.filter(self.names, pattern)

    def below(self, path: str, depth: int, most: int) -> dict[str, bool]:
        return dict.fromkeys(self.names, True)


def test_copying_a_folder_gets_its_flag() -> None:
    call = ToolCall("cp", {"source": "docs", "destination": "backup"})
    assert render(call, disk=Folders("docs")) == "cp -r docs backup"
    assert render(call, disk=Folders("backup")) == "cp docs backup"


def test_an_invalid_call_is_not_rendered() -> None:
    functions: list[Callable[[ToolCall], object]] = [render, render_command, explain]
    for function in functions:
        with pytest.raises(CallError):
            function(ToolCall("cat"))


def without_redirection(command: RenderedCommand) -> RenderedCommand:
    return RenderedCommand(command.argv, command.paths, globs=command.globs)


def expanded(command: RenderedCommand) -> list[str]:
    """Return the words with the paths' leading `~` as the shell expands it."""
    return [
        HOME + word[1:] if index in command.paths and (word == "~" or word.startswith("~/")) else word
        for index, word in enumerate(command.argv)
    ]


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(call=calls)
def test_bash_reads_back_the_words_that_were_meant(call: ToolCall) -> None:
    command = without_redirection(render_command(call))
    result = subprocess.run(
        ["bash", "--norc", "-c", PRINT_ARGV + command.text], capture_output=True, env={"HOME": HOME}, check=True
    )
    assert result.stderr == b""
    assert result.stdout.decode().split("\0")[:-1] == expanded(command)


def bashlex_misreads(command: RenderedCommand) -> bool:
    """Say whether bashlex 0.18 is known to read a command wrongly; bash is the authority on these.

    A word that begins and ends with an apostrophe only loses these two, and `${` without its end is read for ever.
    """
    words = [*command.argv, command.append_to or "", *command.pipe_to]
    return any("${" in word or ("'" in word and not {*'$`"\\!'}.isdisjoint(word)) for word in words)


@settings(max_examples=300)
@given(call=calls)
def test_bashlex_reads_back_the_words_that_were_meant(call: ToolCall) -> None:
    command = render_command(call)
    assume(not bashlex_misreads(command))
    meant = list(command.argv)
    if command.append_to is not None:
        meant += [">>", command.append_to]
    if command.pipe_to:
        meant += ["|", *command.pipe_to]
    assert list(bashlex.split(command.text)) == meant


FOLDERS = ("~", "~/a b", ".", "..", "/tmp")


@pytest.mark.parametrize("name", [name for name in HOSTILE if name not in FOLDERS])
def test_appending_writes_the_text_to_the_file(name: str, tmp_path: Path) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    command = render(ToolCall("echo", {"content": name, "file_name": name}))
    subprocess.run(["bash", "--norc", "-c", command], cwd=tmp_path, check=True)
    assert (tmp_path / name).read_bytes() == name.encode() + b"\n"
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / name]


@settings(max_examples=100)
@given(call=calls)
def test_explanations_name_parts_of_the_command(call: ToolCall) -> None:
    text = render(call)
    parts = explain(call)
    assert text.startswith(parts[0][0])
    for part, meaning in parts:
        assert part in text
        assert meaning
    explained = {part for part, _ in parts}
    for step in CATALOGUE.tools[call.name].steps:
        # A file may have an option's name.
        if step.kind == "flag" and step.flag not in map(str, call.arguments.values()):
            assert (step.flag in explained) == call.arguments.get(step.parameter, False)


def test_explanations_say_what_flags_do() -> None:
    assert explain(ToolCall("sort", {"file_name": "my list", "numeric": True, "reverse": False})) == [
        ("sort", "Show the lines of a file in order; the file itself stays as it is."),
        ("-n", "by number instead of by letter"),
        ("'my list'", "the file whose lines are sorted"),
    ]
    assert explain(ToolCall("wc", {"file_name": "a"}))[1] == ("-l", "count lines")
    assert explain(ToolCall("wc", {"file_name": "a", "mode": "w"}))[1] == ("-w", "count words")
    assert explain(ToolCall("tail", {"file_name": "a", "lines": 3}))[1] == ("-n 3", "how many lines")
    assert explain(ToolCall("find", {"name": "x"}))[1] == ("-name '*x*'", "only names that match the pattern")
    assert explain(ToolCall("echo", {"content": "x", "file_name": "a b"}))[2][0] == ">> 'a b'"
    assert dict(explain(ToolCall("find", {"larger": "10M", "type": "f", "newer": 3}))) == {
        "find": "Find files and folders below a folder by a part of their name.",
        "-type f": "only files",
        "-size +10485760c": "only files larger than 10M",
        "-mtime -3": "changed within the last 3 days",
    }
    assert dict(explain(ToolCall("ls", {"order": "time", "reverse": True})))["-t"] == "newest first"
    assert dict(explain(ToolCall("untar", {"archive": "a.tgz", "folder": "out"}))) == {
        "tar": "Unpack a .tar.gz, .tgz, .tar.xz or .tar archive, or list what is in it.",
        "-xf": "unpack the archive",
        "a.tgz": "the archive",
        "-C out": "the folder it is unpacked into",
    }
    assert dict(explain(ToolCall("unzip", {"archive": "a.zip", "list": True, "folder": "x"}))).keys() == {
        "unzip",
        "-l",
        "a.zip",
    }
    assert explain(ToolCall("ps", {"name": "fox"}))[-1] == (
        "| grep -i -F -e %CPU -e fox",
        "only the headline and the lines with this name",
    )
    assert explain(ToolCall("pwd")) == [("pwd", "Show the folder you are in.")]


def test_explaining_a_copied_folder_names_its_flag() -> None:
    call = ToolCall("cp", {"source": "docs", "destination": "backup"})
    assert ("-r", "a folder with everything in it") in explain(call, disk=Folders("docs"))
    assert "-r" not in dict(explain(call))


def test_a_pattern_finds_names_that_hold_it(tmp_path: Path) -> None:
    for name in ("a[1].txt", "a1.txt", "b\\c", "-d-", "e\nf"):
        (tmp_path / name).touch()
    for part in ("[1]", "\\", "-d", "e\nf"):
        command = render(ToolCall("find", {"name": part}))
        result = subprocess.run(["bash", "-c", f"{command} -print0"], cwd=tmp_path, capture_output=True, check=True)
        found = [os.fsdecode(name) for name in result.stdout.split(b"\0")[:-1]]
        assert sorted(found) == sorted(f"./{path.name}" for path in tmp_path.iterdir() if part in path.name)
