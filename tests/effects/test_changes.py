"""How changes are said: counts, flags, differences."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from shellper.effects import Change, ChangeKind, ChangeSet, Effects, Flag, Known, listed
from shellper.effects.changes import readable
from shellper.effects.node import Kind, Node
from tests.effects.conftest import World


def lines(world: World, name: str, **arguments: str | int | bool) -> list[str]:
    call, command = world.call(name, **arguments)
    effects = world.preview(call, command)
    assert effects is not None
    return list(effects.lines(world.root))


def test_a_copy_over_a_file(world: World) -> None:
    assert lines(world, "cp", source="a.txt", destination="b.txt") == ["overwrites b.txt (6 B to 13 B)"]


def test_a_folder(world: World) -> None:
    assert lines(world, "rm", file_name="sub", recursive=True) == [
        "deletes sub, a folder with 4 files and 3 folders in it (2.6 kB)"
    ]


def test_several(world: World) -> None:
    assert lines(world, "rm", file_name="*.log") == [
        "deletes 2 files (4 B)",
        "  deletes one.log (2 B)",
        "  deletes two.log (2 B)",
    ]


def test_many_are_counted(world: World) -> None:
    (found,) = lines(world, "rm", file_name="*", recursive=True)
    assert found.startswith("deletes 22 files and 8 folders in this folder (2.7 kB): -dash, a.txt, b.txt, ... ")
    assert found.endswith("[many files]")


def test_a_thousand_files_are_said_by_folder(world: World) -> None:
    many = world.root / "many"
    many.mkdir()
    for number in range(1000):
        (many / f"{number:03d}.log").write_text("x\n")
    assert lines(world, "rm", file_name="many/*") == [
        "deletes 1,000 files in many (2.0 kB): 000.log, 001.log, 002.log, ... [many files]"
    ]
    assert lines(world, "mv", source="many/*", destination="hollow") == [
        "moves 1,000 files from many to hollow (2.0 kB): 000.log, 001.log, 002.log, ... [many files]"
    ]
    assert lines(world, "chmod", file_name="many/*", mode="600") == [
        "changes the mode of 1,000 files in many from 0644 to 0600: 000.log, 001.log, 002.log, ... [many files]"
    ]
    assert lines(world, "rm", file_name="many", recursive=True) == [
        "deletes many, a folder with 1,000 files in it (2.0 kB) [many files]"
    ]


def change(path: str, kind: ChangeKind = ChangeKind.DELETED, *flags: Flag) -> Change:
    """Make a change of a file of 10 bytes in a folder `/p`."""
    node = Node(Kind.FILE, 0o644, (0, 0), 10)
    return Change(kind, Path("/p", path), node, None if kind is ChangeKind.DELETED else node, flags=flags)


def test_what_deserves_a_look_comes_first_and_small_folders_last() -> None:
    changes = [change(f"{top}/{low}/{name}") for top in "abcdefgh" for low in "xy" for name in "12"]
    changes += [change(f"z/{name}") for name in "123456789"]
    changes.append(change("hooks/it", ChangeKind.CHANGED, Flag.RUNS_LATER))
    found = list(listed(changes, Path("/p")))
    assert found == [
        "changes hooks/it (10 B) [will run later]",
        "deletes 9 files in z (90 B): 1, 2, 3, ...",
        "deletes 4 files below a (40 B): 1, 2, 1, ...",
        "deletes 4 files below b (40 B): 1, 2, 1, ...",
        "deletes 4 files below c (40 B): 1, 2, 1, ...",
        "deletes 4 files below d (40 B): 1, 2, 1, ...",
        "and 16 more",
    ]


def test_flags_of_what_is_only_counted_are_kept() -> None:
    changes = [change(f"{number}/x/{name}") for number in range(9) for name in "12"]
    changes.append(change("9/y", ChangeKind.DELETED, Flag.NOT_IN_GIT))
    assert list(listed(changes, Path("/p")))[-1] == "and 9 more [not in git]"


def test_problems_are_said_before(world: World) -> None:
    assert lines(world, "rm", file_name="missing") == ["will fail: there is no missing"]
    assert lines(world, "rm", file_name="no\nline") == ["will fail: there is no no\\nline"]


def test_what_becomes_of_other_names_is_said(world: World) -> None:
    assert lines(world, "echo", content="x", file_name="twin-1")[-1] == "the other names of twin-1 change with it"
    effects = world.keeper.preview_text("echo x >> twin-1", world.policy, world.root)
    if effects.known is Known.TRIED:
        assert effects.notes == ("the other names of twin-1 keep what is in them now",)


def test_much_that_is_deleted_takes_space_until_undo_is_over(world: World) -> None:
    with (world.root / "film").open("wb") as file:
        file.truncate(50_000_000)
    assert lines(world, "rm", file_name="film") == [
        "deletes film (50.0 MB)",
        "the 50.0 MB stay on the disk for undo, 14 days at most",
    ]


def test_other_kinds(world: World) -> None:
    assert lines(world, "mv", source="a.txt", destination="new")[0] == "moves a.txt to new"
    assert lines(world, "chmod", file_name="a.txt", mode="600")[0] == "changes the mode of a.txt from 0644 to 0600"
    assert lines(world, "touch", file_name="a.txt")[0] == "sets the time of a.txt"
    assert lines(world, "echo", content="x", file_name="a.txt")[0] == "changes a.txt (13 B to 15 B)"
    assert lines(world, "mkdir", dir_name="n")[0] == "creates n, an empty folder"


def test_differences(world: World) -> None:
    call, command = world.call("echo", content="third", file_name="a.txt")
    effects = world.preview(call, command)
    assert effects is not None
    assert list(effects.changes.diff(world.root)) == [
        "--- a.txt (now)",
        "+++ a.txt (then)",
        "@@ -1,2 +1,3 @@",
        " first",
        " second",
        "+third",
    ]


def test_differences_of_what_is_no_text(world: World) -> None:
    call, command = world.call("cp", source="sub/deep/y.bin", destination="a.txt")
    effects = world.preview(call, command)
    assert effects is not None
    (line,) = effects.changes.diff(world.root)
    assert line == "a.txt: binary or more than 262.1 kB, so its difference is not shown"


def test_a_last_line_without_a_newline(world: World) -> None:
    (world.root / "open").write_text("no end")
    call, command = world.call("cp", source="a.txt", destination="open")
    effects = world.preview(call, command)
    assert effects is not None
    assert "\n\\ No newline at end of file" in "\n".join(effects.changes.diff(world.root))


@pytest.mark.parametrize(
    ("path", "flag"),
    [
        (".envrc", Flag.RUNS_LATER),
        ("Makefile", Flag.RUNS_LATER),
        (".bashrc", Flag.RUNS_LATER),
        (".git/hooks/pre-commit", Flag.RUNS_LATER),
        (".github/workflows/x.yml", Flag.RUNS_LATER),
        ("../outside", Flag.OUTSIDE),
        ("twin-1", Flag.LINKED),
        ("a.txt", None),
    ],
)
def test_flags(world: World, path: str, flag: Flag | None) -> None:
    (world.root / path).parent.mkdir(parents=True, exist_ok=True)
    call, command = world.call("echo", content="x", file_name=path)
    effects = world.preview(call, command)
    assert effects is not None
    assert effects.changes.flags == (() if flag is None else (flag,))


def test_what_git_does_not_have(world: World) -> None:
    def git(*arguments: str) -> None:
        subprocess.run(["git", "-C", str(world.root), *arguments], check=True, capture_output=True)

    git("init", "-q")
    git("add", "a.txt", "sub")
    assert flags(world, "rm", file_name="a.txt") == ()
    assert flags(world, "rm", file_name="b.txt") == (Flag.NOT_IN_GIT,)
    assert flags(world, "rm", file_name="sub", recursive=True) == ()
    (world.root / "sub" / "new").touch()
    assert flags(world, "rm", file_name="sub", recursive=True) == (Flag.NOT_IN_GIT,)
    assert flags(world, "touch", file_name="brand-new") == ()


def test_git_s_own_settings_run_nothing(world: World) -> None:
    """A repository may name programs of its own; a preview must not run them."""
    subprocess.run(["git", "-C", str(world.root), "init", "-q"], check=True)
    for key in ("core.fsmonitor", "filter.x.clean", "core.pager", "core.sshCommand"):
        command = ["git", "-C", str(world.root), "config", key, f"touch {world.home}/ran; cat"]
        subprocess.run(command, check=True)
    (world.root / ".gitattributes").write_text("* filter=x\n")
    flags(world, "rm", file_name="*", recursive=True)
    assert not (world.home / "ran").exists()


def flags(world: World, name: str, **arguments: str | int | bool) -> tuple[Flag, ...]:
    call, command = world.call(name, **arguments)
    effects = world.preview(call, command)
    assert effects is not None
    return tuple(flag for flag in effects.changes.flags if flag is not Flag.MANY)


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (3_200_000, "3.2 MB"), (999_960, "1.0 MB"), (6 * 10**9, "6.0 GB")],
)
def test_sizes(size: int, text: str) -> None:
    assert readable(size) == text


def test_what_is_not_known(tmp_path: Path) -> None:
    effects = Effects(ChangeSet(), Known.AFTERWARDS, False, ("no preview: x", "no undo: y"))
    assert list(effects.lines(tmp_path)) == ["no preview: x", "no undo: y"]
    assert effects.as_json()["summary"] == ""
