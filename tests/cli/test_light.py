"""What is loaded, and when: starting must stay light."""

import json
import subprocess
import sys

import pytest

from tests.cli.conftest import ROOT, SECONDS, Program, call, reply

HEAVY = {"textual", "prompt_toolkit", "rich", "llama_cpp", "bashlex", "numpy", "gguf", "psutil", "platformdirs"}
NEEDED = {"bashlex", "psutil"}
"""What a command that is proposed and run can't do without."""

PROGRAM = """
import json, sys
from shellper.cli.main import main
from tests.cli.entry import open_scripted
code = main(sys.argv[1:], open_engine=open_scripted)
print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})), file=sys.stderr)
"""
BARE = """
import json, sys
from shellper.__main__ import main
sys.argv = ['shellper', *sys.argv[1:]]
main()
names = sorted(name for name in sys.modules)
print(json.dumps(names), file=sys.stderr)
"""


def loaded(program: Program, code: str, *arguments: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=program.home,
        env=program.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    names: list[str] = json.loads(done.stderr.splitlines()[-1])
    return set(names)


@pytest.mark.parametrize("argument", ["--version", "--help", "--wrong"])
def test_words_about_the_program_load_nothing(program: Program, argument: str) -> None:
    names = loaded(program, BARE, argument)
    assert not names & HEAVY
    if argument != "--wrong":
        ours = {name for name in names if name.startswith("shellper.")}
        assert ours <= {
            "shellper.__main__",
            "shellper.cli",
            *(f"shellper.cli.{name}" for name in ("main", "arguments", "exits", "terminal")),
        }


@pytest.mark.parametrize("arguments", [("-p", "list"), ("-y", "list"), ("--json", "-y", "list"), ("sessions", "list")])
def test_a_request_without_a_terminal(program: Program, arguments: tuple[str, ...]) -> None:
    program.script(call("ls"), reply())
    assert not loaded(program, PROGRAM, *arguments) & (HEAVY - NEEDED)


def test_at_a_terminal_without_colours(program: Program) -> None:
    program.script(call("ls"), reply())
    command = program.command(())
    program.command = lambda arguments: [command[0], "-c", PROGRAM, *arguments]  # type: ignore[method-assign]
    sitting = program.sit("list")
    sitting.expect("[s]kip")
    sitting.press("r")
    assert not set(json.loads(sitting.end().err.splitlines()[-1])) & (HEAVY - NEEDED)


def test_with_colours_rich_is_loaded_and_nothing_more(program: Program) -> None:
    program.script(call("ls"), reply())
    del program.environment["NO_COLOR"]
    command = program.command(())
    program.command = lambda arguments: [command[0], "-c", PROGRAM, *arguments]  # type: ignore[method-assign]
    sitting = program.sit("list")
    sitting.expect("[s]kip")
    sitting.press("r")
    ended = sitting.end()
    names = set(json.loads(ended.err.splitlines()[-1]))
    assert "rich" in names
    assert not names & (HEAVY - NEEDED - {"rich"})
    assert "\x1b[32m✓ allow" in ended.err


def test_no_module_of_ours_names_textual() -> None:
    for file in (ROOT / "shellper" / "cli").glob("*.py"):
        assert "import textual" not in file.read_text() and "from textual" not in file.read_text()
