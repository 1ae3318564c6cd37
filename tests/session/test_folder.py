"""The session's `cd`, against what bash does in the same place."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from shellper.config import Settings
from shellper.engine import ScriptedEngine
from shellper.session import Session, SessionError, TurnEnd, current_folder
from shellper.session.folder import FolderError, Place, change_folder, is_lone_cd

from .conftest import RUN, Notes, User, call, edit


@pytest.fixture
def world(home: Path) -> Path:
    """Add to home what makes a `cd` hard."""
    for name in ("a b", "-dash", "it's", "$HOME", "*", "deep/er/still", "photos-2023", "c#", "new\nline", "one/x"):
        (home / name).mkdir(parents=True)
    (home / "link").symlink_to("deep/er")
    (home / "broken").symlink_to("nowhere")
    (home / "loop").symlink_to("loop")
    return home


def bash(command: str, folder: Path, previous: Path | None, home: Path) -> tuple[str, str, int]:
    """Return the folder that bash is in after a command, what it printed, and the exit code."""
    begin = f"cd '{folder}'\n" if previous is None else f"cd '{previous}'\ncd '{folder}'\n"
    # OLDPWD as a session that has not moved has it: unset.
    forget = "unset OLDPWD\n" if previous is None else ""
    script = f"{begin}{forget}{command}\ncode=$?\nprintf '\\n%s\\n%s' $code \"$PWD\""
    environment = {"HOME": str(home), "PATH": os.environ["PATH"], "LC_ALL": "C"}
    ran = subprocess.run(
        ["/bin/bash", "--norc", "--noprofile", "-c", script], capture_output=True, env=environment, text=True
    )
    found = re.fullmatch(r"(?s)(.*?)\n(\d+)\n(.*)", ran.stdout)
    assert found is not None, ran
    printed = found[1] + re.sub(r"(?m)^.*: line \d+: ", "", ran.stderr)
    return found[3], printed, int(found[2])


@pytest.mark.parametrize(
    "command",
    [
        "cd",
        "cd reports",
        "cd reports/",
        "cd ./reports/../reports//2024",
        "cd ..",
        "cd .",
        "cd /",
        "cd ../../../../../../..",
        "cd ~",
        "cd ~/reports",
        'cd ~/"a b"',
        "cd '~'",
        "cd ~root",
        "cd ~nosuchuser",
        "cd -",
        "cd -- -dash",
        "cd ./-dash",
        "cd -dash",
        "cd 'a b'",
        "cd a\\ b",
        'cd "a b"',
        "cd a b",
        'cd "it\'s"',
        "cd '$HOME'",
        "cd $HOME",
        'cd "$HOME/reports"',
        "cd ${HOME}/reports",
        "cd $PWD/reports",
        "cd \\*",
        "cd photos-*",
        "cd photo?-2023",
        "cd nosuch*",
        "cd link",
        "cd link/still",
        "cd link/..",
        "cd -P link",
        "cd -L link",
        "cd -P link/..",
        "cd broken",
        "cd loop",
        "cd nothing",
        "cd nothing/..",
        "cd notes.txt",
        "cd notes.txt/..",
        "cd ''",
        "cd c#",
        "cd reports # there",
        "cd 'new\nline'",
        "  cd   reports  ",
        "cd one/x/../../deep",
        f"cd {'x' * 300}",
    ],
)
def test_it_does_what_bash_does(world: Path, command: str) -> None:
    for folder, previous in ((world, None), (world / "deep", world / "reports"), (world / "link", world)):
        expected = bash(command, folder, previous, world)
        place = Place(folder, previous, world)
        assert is_lone_cd(command)
        try:
            place, printed = change_folder(command, place)
            done = (str(place.folder), printed, 0)
            assert place.previous == folder
        except FolderError as error:
            done = (str(folder), f"{error}\n", error.exit_code)
        # bash shows a usage line behind an invalid option.
        assert done == (expected[0], re.sub(r"cd: usage.*\n", "", expected[1]), expected[2]), (command, folder)


@pytest.mark.parametrize(
    "command", ["cd a && ls", "cd a; ls", "cd a | cat", "cd a\nls", "cd a > x", "ls", "cdx", "echo cd", "(cd a)", ""]
)
def test_what_is_more_than_a_cd_is_left_to_the_shell(command: str) -> None:
    assert not is_lone_cd(command)


@pytest.mark.parametrize("command", ["cd $X", "cd $(pwd)", "cd `pwd`", "cd {a,b}", "cd 'a", "cd ${HOME:-x}"])
def test_a_cd_that_takes_a_shell_to_read_is_refused_in_words(home: Path, command: str) -> None:
    assert is_lone_cd(command)
    with pytest.raises(FolderError, match="only a folder's name") as caught:
        change_folder(command, Place(home, None, home))
    assert caught.value.exit_code == 1


def test_a_folder_that_may_not_be_entered(home: Path) -> None:
    (home / "reports").chmod(0)
    if os.access(home / "reports", os.X_OK):
        pytest.skip("this user may enter every folder")
    with pytest.raises(FolderError, match="cd: reports: Permission denied"):
        change_folder("cd reports", Place(home, None, home))


def test_the_folder_is_kept_between_turns(session: Session, engine: ScriptedEngine, home: Path) -> None:
    engine.enqueue(call("cd", folder="reports"), "", call("cat", file_name="q1.csv"), "")
    notes = Notes()
    outcome = session.turn("go into reports", User(), notes).outcomes[0]
    assert (outcome.exit_code, outcome.folder, session.folder) == (0, home / "reports", home / "reports")
    assert notes.output == []
    assert session.turn("show q1", User()).outcomes[0].exit_code == 0


def test_a_call_after_a_cd_runs_there(session: Session, engine: ScriptedEngine, home: Path) -> None:
    engine.enqueue(call("cd", folder="reports"), call("touch", file_name="new"), call("cd", folder="-"), "")
    result = session.turn("make new in reports", User())
    assert (home / "reports" / "new").exists()
    assert [outcome.proposal.folder for outcome in result.outcomes] == [home, home / "reports", home / "reports"]
    assert session.folder == home
    assert result.outcomes[2].output is not None
    assert result.outcomes[2].output.text == f"{home}\n"


def test_a_cd_that_fails_is_an_outcome(session: Session, engine: ScriptedEngine, home: Path) -> None:
    engine.enqueue(call("cd", folder="x"), "")
    notes = Notes()
    result = session.turn("go into x", User(), notes)
    assert (result.outcomes[0].exit_code, session.folder) == (1, home)
    assert notes.output == [("stderr", "cd: x: No such file or directory\n")]
    assert engine.conversations[1][-1].steps[0].response.output == "cd: x: No such file or directory\n"


def test_an_edited_and_a_typed_cd_move_the_session(session: Session, engine: ScriptedEngine, home: Path) -> None:
    engine.enqueue(call("ls"), "")
    session.turn("list", User(edit("cd reports"), RUN))
    assert session.folder == home / "reports"
    session.run_command("cd 2024", User())
    assert session.folder == home / "reports" / "2024"
    session.run_command("cd .. && pwd", User())
    assert session.folder == home / "reports" / "2024"


def test_a_link_keeps_its_name_in_the_session_and_in_the_shell(session: Session, home: Path) -> None:
    (home / "link").symlink_to("reports")
    session.run_command("cd link", User())
    outcome = session.run_command("pwd", User())
    assert outcome.output is not None
    assert outcome.output.text == f"{home}/link\n"


def test_copying_a_folder_looks_from_where_the_session_is(session: Session, engine: ScriptedEngine, home: Path) -> None:
    engine.enqueue(call("cd", folder="reports"), call("cp", source="2024", destination="2025"), "")
    user = User()
    session.turn("copy 2024 in reports", user)
    assert user.asked[1].command == "cp -r 2024 2025"
    assert (home / "reports" / "2025").is_dir()


def test_a_folder_that_is_gone_is_said_in_one_line(session: Session, engine: ScriptedEngine, home: Path) -> None:
    session.run_command("cd reports/2024", User())
    (home / "reports" / "2024").rmdir()
    engine.enqueue(call("ls"))
    user = User()
    with pytest.raises(SessionError, match=r"^the working directory \S*/reports/2024 is gone; cd to another folder$"):
        session.turn("list", user)
    assert user.asked == []
    engine.enqueue(call("cd", folder=".."), call("ls"), "")
    assert session.turn("go up and list", User()).end is TurnEnd.DONE


def test_a_folder_that_goes_while_the_user_thinks(session: Session, engine: ScriptedEngine, home: Path) -> None:
    session.run_command("cd reports/2024", User())
    engine.enqueue(call("ls"))

    def decide(proposal: object) -> object:
        (home / "reports" / "2024").rmdir()
        return RUN

    with pytest.raises(SessionError, match="is gone"):
        session.turn("list", decide)  # type: ignore[arg-type]


def test_home_is_where_the_session_says(engine: ScriptedEngine, home: Path, tmp_path: Path) -> None:
    session = Session(engine, Settings(), tmp_path, home)
    engine.enqueue(call("cat", file_name="~/notes.txt"), call("cd", folder="~"), "")
    result = session.turn("show my notes and go home", User())
    assert result.outcomes[0].exit_code == 0
    assert session.folder == home


def test_the_programs_folder_keeps_the_name_the_shell_has_for_it(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "link").symlink_to(home)
    monkeypatch.chdir(home)
    monkeypatch.setenv("PWD", str(tmp_path / "link"))
    assert current_folder() == tmp_path / "link"
    monkeypatch.setenv("PWD", str(tmp_path))
    assert current_folder() == home
    monkeypatch.setenv("PWD", str(tmp_path / "nothing"))
    assert current_folder() == home
    monkeypatch.delenv("PWD")
    assert current_folder() == home


def test_a_program_started_in_a_folder_that_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(SessionError, match="the working directory is gone"):
        current_folder()
