"""The smaller parts: what is drawn, how a build is told, the clipboard."""

import base64
import threading
from pathlib import Path

import pytest

from shellper.cli import show
from shellper.cli.models import BuildProgress
from shellper.cli.show import Screen, Waiting
from shellper.cli.terminal import has_colour, has_motion, is_linear
from shellper.frontend.clipboard import OSC_52, copy
from shellper.frontend.text import home_short, visible
from shellper.safety import Level, Verdict
from shellper.session import Proposal


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("ü €\n\t漢", "ü €\n\t漢"),
        ("a\x1b[2Jb\r", "a<U+001B>[2Jb<U+000D>"),
        ("\u202ex\u200b\x7f\x9b\ud800", "<U+202E>x<U+200B><U+007F><U+009B><U+D800>"),
    ],
)
def test_visible(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_home_short() -> None:
    home = Path("/home/ada")
    assert [home_short(Path(text), home) for text in ("/home/ada", "/home/ada/x", "/home/adam")] == [
        "~",
        "~/x",
        "/home/adam",
    ]


@pytest.mark.parametrize(("level", "symbol"), [("allow", "+"), ("confirm", "?"), ("warn", "!"), ("block", "x")])
def test_a_terminal_without_unicode(capsys: pytest.CaptureFixture[str], level: str, symbol: str) -> None:
    screen = Screen(colour=False, symbols=False, motion=False)
    screen.proposal(
        Proposal("ls \\\n-l", Path("/x"), Verdict(Level(level), ("so", "and so")), confidence=0.9), Path("/")
    )
    indent = " " * len(f"{symbol} {level}: ")
    assert capsys.readouterr().err == f"in /x\n$ ls \\\n  -l\n{symbol} {level}: so\n{indent}and so\n"


def test_colours_do_not_read_markup(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    screen = Screen(colour=True, symbols=True, motion=False)
    screen.command("echo [red]x[/red] :smile: \x1b[31m" + "a" * 300)
    screen.line("[bold]no[/bold]", "green")
    written = capsys.readouterr().err
    assert "[31m" in written and "\x1b[31m" not in written.replace('\x1b[31m"', "")
    assert "<U+001B>" in written and ":smile:" in written and "a" * 300 in written
    assert "\x1b[32m[bold]no[/bold]\x1b[0m\n" in written


@pytest.mark.parametrize(("value", "linear"), [(None, False), ("", False), ("0", False), ("1", True), ("yes", True)])
def test_accessible(monkeypatch: pytest.MonkeyPatch, value: str | None, linear: bool) -> None:
    monkeypatch.delenv("ACCESSIBLE", raising=False)
    if value is not None:
        monkeypatch.setenv("ACCESSIBLE", value)
    assert is_linear() is linear


def test_no_terminal_has_neither_colour_nor_motion() -> None:
    assert not has_colour() and not has_motion()  # pytest has taken the standard error


def test_a_build_without_a_moving_line(capsys: pytest.CaptureFixture[str]) -> None:
    with BuildProgress(Screen(colour=False, motion=False)) as progress:
        for share in (0.0, 0.5, 1.0):
            progress.told(share)
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith("shellper: building the model, once") and second == "shellper: the model is built"


def test_a_build_with_a_bar(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    with BuildProgress(Screen(colour=True, motion=True)) as progress:
        for share in (0.0, 0.5, 1.0):
            progress.told(share)
    written = capsys.readouterr().err
    assert "building the model, once" in written and "100%" in written


def test_no_build_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with BuildProgress(Screen(colour=False, motion=True)):
        pass
    assert capsys.readouterr().err == ""


def test_waiting_comes_and_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(show, "_PATIENCE", 0.0)
    written, came = [], threading.Event()

    class Recording(Screen):
        def write(self, text: str) -> None:
            written.append(text)
            came.set()

    waiting = Waiting(Recording(colour=False, motion=True), "...")
    waiting.start()
    assert came.wait(60)
    waiting.stop()
    waiting.stop()
    assert written == ["...", "\r\x1b[K"]
    still = Waiting(Recording(colour=False, motion=False), "...")
    still.start()
    still.stop()
    assert len(written) == 2


def tool(folder: Path, name: str, body: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


@pytest.mark.parametrize(
    ("variable", "name"),
    [("WAYLAND_DISPLAY", "wl-copy"), ("DISPLAY", "xclip"), ("DISPLAY", "xsel"), ("WSL_DISTRO_NAME", "clip.exe")],
)
def test_each_tool_where_it_can_reach_a_clipboard(tmp_path: Path, variable: str, name: str) -> None:
    tool(tmp_path, name, f"exec /bin/cat > {tmp_path}/clipboard")
    written: list[str] = []
    assert copy("ls ü\n-l", written.append, {"PATH": str(tmp_path)}) == OSC_52
    assert copy("ls ü\n-l", written.append, {"PATH": str(tmp_path), variable: "1"}) == name
    encoding = "utf-16" if name == "clip.exe" else "utf-8"
    assert (tmp_path / "clipboard").read_bytes().decode(encoding) == "ls ü\n-l"
    data = base64.b64encode("ls ü\n-l".encode()).decode()
    assert written == [f"\x1b]52;c;{data}\x07"]


def test_a_tool_that_fails_is_passed_over(tmp_path: Path) -> None:
    tool(tmp_path, "xclip", "exit 1")
    tool(tmp_path, "xsel", f"exec /bin/cat > {tmp_path}/clipboard")
    assert copy("ls", lambda text: None, {"PATH": str(tmp_path), "DISPLAY": ":0"}) == "xsel"
