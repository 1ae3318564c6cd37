"""The tools for archives, permissions, sizes, ages and processes, through the real programs."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from shellper.calls import Argument, LocalDisk, ToolCall, render
from tests.calls.strategies import HOSTILE

# A lone `~` has to be said with its folder; unzip writes `_` for control characters (unzip(1), "-^").
NAMES = [name for name in HOSTILE if "/" not in name and name not in (".", "..", "~") and name.isprintable()]
needs_zip = pytest.mark.skipif(
    not (shutil.which("zip") and shutil.which("unzip")), reason="zip and unzip are not installed: apt-get install them"
)
needs_ps = pytest.mark.skipif(not shutil.which("ps"), reason="ps is not installed: apt-get install procps")


class Folder:
    """A folder in which calls are run, with a home beside it."""

    def __init__(self, root: Path) -> None:
        self.path = root / "folder"
        self.home = root / "home"
        self.path.mkdir()
        self.home.mkdir()

    def run(self, tool: str, /, **arguments: Argument) -> subprocess.CompletedProcess[str]:
        """Run one call; stdin is empty and there is no terminal."""
        return subprocess.run(
            ["bash", "--norc", "-c", render(ToolCall(tool, arguments), disk=LocalDisk(self.path, self.home))],
            cwd=self.path,
            env={"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(self.home), "LC_ALL": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="surrogateescape",
            start_new_session=True,
            timeout=60,
            check=False,
        )

    def do(self, tool: str, /, **arguments: Argument) -> str:
        """Run a call that must work, and return what it wrote."""
        done = self.run(tool, **arguments)
        assert done.returncode == 0, (tool, arguments, done.stdout, done.stderr)
        return done.stdout

    def fill(self) -> dict[str, str]:
        """Write a file of each hostile name into the folder `in`."""
        (self.path / "in").mkdir()
        for name in NAMES:
            (self.path / "in" / name).write_text(f"of {name}")
        return self.contents("in")

    def contents(self, folder: str) -> dict[str, str]:
        """Return the texts of a folder's files by their names."""
        return {path.name: path.read_text() for path in (self.path / folder).iterdir() if path.is_file()}


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


@needs_zip
def test_zip_and_unzip_take_every_name(folder: Folder) -> None:
    before = folder.fill()
    folder.do("zip", archive="in/all.zip", source="in")
    (folder.path / "in" / "all.zip").rename(folder.path / "all.zip")
    folder.do("unzip", archive="all.zip", folder="out")
    assert folder.contents("out/in") == before
    for name in NAMES:
        (folder.path / name).write_text(f"packed {name}")
        folder.do("zip", archive=f"{name}.zip", source=name)
        assert f"packed {name}" not in folder.do("unzip", archive=f"{name}.zip", list=True)
        folder.do("unzip", archive=f"{name}.zip", folder=f"{name} out")
        assert folder.contents(f"{name} out") == {name: f"packed {name}"}


def test_tar_and_untar_take_every_name(folder: Folder) -> None:
    before = folder.fill()
    folder.do("tar", archive="all.tar.gz", source="in")
    (folder.path / "out").mkdir()
    folder.do("untar", archive="all.tar.gz", folder="out")
    assert folder.contents("out/in") == before
    for name in NAMES:
        (folder.path / name).write_text(f"packed {name}")
        folder.do("tar", archive=f"{name}.tgz", source=name)
        folder.do("untar", archive=f"{name}.tgz", list=True)
        (folder.path / f"{name} out").mkdir()
        folder.do("untar", archive=f"{name}.tgz", folder=f"{name} out")
        assert folder.contents(f"{name} out") == {name: f"packed {name}"}


def test_the_ending_decides_how_a_tar_is_compressed(folder: Folder) -> None:
    (folder.path / "a.txt").write_text("a" * 5000)
    for ending, begins in ((".tar.gz", b"\x1f\x8b"), (".tgz", b"\x1f\x8b"), (".tar", b"a.txt"), ("", b"a.txt")):
        folder.do("tar", archive=f"a{ending}", source="a.txt")
        assert (folder.path / f"a{ending}").read_bytes().startswith(begins)
        assert folder.do("untar", archive=f"a{ending}", list=True) == "a.txt\n"


@needs_zip
def test_unzip_keeps_what_is_there_and_asks_nothing(folder: Folder) -> None:
    (folder.path / "a.txt").write_text("packed")
    folder.do("zip", archive="a.zip", source="a.txt")
    (folder.path / "a.txt").write_text("written since")
    done = folder.run("unzip", archive="a.zip")
    assert done.returncode == 0
    assert "replace" not in done.stdout + done.stderr
    assert (folder.path / "a.txt").read_text() == "written since"


@needs_zip
def test_a_pattern_packs_what_it_matches(folder: Folder) -> None:
    for name in ("a.txt", "-b.txt", "c.csv"):
        (folder.path / name).touch()
    (folder.path / "back\\n.txt").touch()
    folder.do("zip", archive="texts.zip", source="*.txt")
    folder.do("tar", archive="texts.tar", source="*.txt")
    assert sorted(folder.do("untar", archive="texts.tar", list=True).split()) == ["-b.txt", "a.txt", "back\\\\n.txt"]
    assert "c.csv" not in folder.do("unzip", archive="texts.zip", list=True)


@pytest.mark.parametrize(
    ("mode", "before", "after"),
    [
        ("+x", 0o644, 0o755),
        ("a-w", 0o644, 0o444),
        ("-w", 0o644, 0o444),
        ("u+w", 0o444, 0o644),
        ("600", 0o644, 0o600),
        ("0700", 0o644, 0o700),
        ("u=rwx,go=r", 0o600, 0o744),
    ],
)
def test_chmod_sets_the_mode_of_every_name(folder: Folder, mode: str, before: int, after: int) -> None:
    for name in ("-x", "a b", "+x"):
        path = folder.path / name
        path.touch()
        path.chmod(before)
        folder.do("chmod", file_name=name, mode=mode)
        assert path.stat().st_mode & 0o777 == after


def test_find_compares_sizes_to_the_byte(folder: Folder) -> None:
    for size in (1023, 1024, 1025):
        (folder.path / f"b{size}").write_bytes(b"x" * size)
    (folder.path / "sub").mkdir()
    assert folder.do("find", larger="1k") == "./b1025\n"
    assert folder.do("find", smaller="1k") == "./b1023\n"
    assert sorted(folder.do("find", larger="0.9k").split()) == ["./b1023", "./b1024", "./b1025"]
    assert folder.do("find", type="d", name="sub") == "./sub\n"


def test_find_tells_files_apart_by_their_age(folder: Folder) -> None:
    for days in (0, 2, 9):
        path = folder.path / f"d{days}"
        path.touch()
        moment = time.time() - days * 86400 - 60
        os.utime(path, (moment, moment))
    assert sorted(folder.do("find", newer=3, type="f").split()) == ["./d0", "./d2"]
    assert folder.do("find", older=7, type="f") == "./d9\n"


def test_head_sort_grep_and_ls_do_what_they_say(folder: Folder) -> None:
    (folder.path / "a").write_text("b\na\nb\n")
    (folder.path / "long").write_text("x" * 5000)
    os.utime(folder.path / "a", (10**9, 10**9))
    assert folder.do("head", file_name="a", lines=1) == "b\n"
    assert folder.do("sort", file_name="a", unique=True) == "a\nb\n"
    assert folder.do("grep", file_name="a", pattern="b", line_numbers=True) == "1:b\n3:b\n"
    assert folder.do("grep", file_name="a", pattern="b", count=True) == "2\n"
    assert folder.do("ls", order="size") == "long\na\n"
    assert folder.do("ls", order="time", reverse=True) == "a\nlong\n"
    folder.do("mkdir", dir_name="x/y z", parents=True)
    assert (folder.path / "x" / "y z").is_dir()
    assert [line.split("\t")[1] for line in folder.do("du", depth=1).splitlines()] == ["./x", "."]


@needs_ps
def test_a_process_is_found_by_its_name_and_ended_by_its_number(folder: Folder) -> None:
    program = folder.path / "Marmot-42"
    program.symlink_to(sys.executable)
    with subprocess.Popen([program, "-c", "input()"], stdin=subprocess.PIPE) as process:
        rows = folder.do("ps", name="marmot-42").splitlines()
        if len(rows) == 1:  # the new process still has this one's name
            time.sleep(0.5)
            rows = folder.do("ps", name="marmot-42").splitlines()
        assert [row.split()[0] for row in rows] == ["PID", str(process.pid)]
        assert rows[0].split() == ["PID", "%CPU", "%MEM", "COMMAND"]
        folder.do("kill", pid=process.pid)
        assert process.wait(timeout=30) == -15
    assert len(folder.do("ps", name="marmot-42").splitlines()) == 1


def test_date_df_and_which_answer(folder: Folder) -> None:
    assert folder.do("date").strip()
    assert "Mounted on" in folder.do("df", human_readable=True)
    assert folder.do("which", program="bash").endswith("/bash\n")
    for name in ("-no such program", "no such program"):
        assert folder.run("which", program=name).returncode != 0
