"""Verdicts that hang on the folder: links, other working directories, a repository's own settings."""

import subprocess
from pathlib import Path

import pytest

from shellper.safety import Context, Level, read_command


@pytest.fixture
def context(tmp_path: Path) -> Context:
    """Make a home with a project in it, where the commands run."""
    folder = tmp_path / "home" / "project"
    folder.mkdir(parents=True)
    return Context(folder, tmp_path / "home")


def level(command: str, context: Context) -> Level:
    return read_command(command, context).level


def test_links_are_followed_to_the_place_they_mean(context: Context) -> None:
    (context.folder / "up").symlink_to("..")
    (context.folder / "innocent").symlink_to("/etc/shadow")
    (context.folder / "log").symlink_to(context.home / ".bashrc")
    assert level("rm -rf up/", context) is Level.BLOCK
    assert level("rm -rf up/project", context) is Level.BLOCK
    assert level("rm up", context) is Level.CONFIRM
    assert level("cat innocent", context) is Level.WARN
    assert level("echo x >> log", context) is Level.WARN


def test_a_home_that_is_a_link_is_still_home(tmp_path: Path) -> None:
    real = tmp_path / "disk" / "ann"
    (real / "project").mkdir(parents=True)
    home = tmp_path / "ann"
    home.symlink_to(real)
    context = Context(home / "project", home)
    for command in (f"rm -rf {real}", f"rm -rf {home}/", "rm -rf ~/", f"rm -rf {real}/*", f"rm -rf {tmp_path}/*"):
        assert level(command, context) is Level.BLOCK, command


def test_working_in_home_keeps_home(context: Context) -> None:
    at_home = Context(context.home, context.home)
    assert level("rm -rf project", at_home) is Level.CONFIRM
    for command in ("rm -rf *", "rm -rf .", "rm -rf ~", "find . -delete"):
        assert level(command, at_home) is Level.BLOCK, command


def test_working_in_the_root_makes_nothing_there_ordinary(context: Context) -> None:
    at_root = Context(Path("/"), context.home)
    assert level("ls", at_root) is Level.ALLOW
    assert level("rm -rf *", at_root) is Level.BLOCK
    assert level("rm -rf etc", at_root) is Level.BLOCK
    assert level("rm etc/hosts", at_root) is Level.WARN


@pytest.mark.parametrize("name", ["with space", "star*", "br[a]cket", "{a,b}", "$HOME", "it's"])
def test_odd_folder_names_are_no_patterns(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "home" / name
    folder.mkdir(parents=True)
    context = Context(folder, tmp_path / "home")
    assert level("rm -rf .", context) is Level.BLOCK
    assert level("rm -rf *", context) is Level.BLOCK
    assert level("rm -rf build", context) is Level.CONFIRM
    assert level("cat ~/.ssh/id_rsa", context) is Level.WARN


@pytest.fixture
def repository(context: Context) -> Context:
    subprocess.run(["git", "init", "-q", str(context.folder)], check=True)
    return context


def test_git_reads_in_a_plain_repository(repository: Context) -> None:
    for command in ("git status", "git diff", "git log -p"):
        assert level(command, repository) is Level.ALLOW, command


@pytest.mark.parametrize(
    "setting",
    [
        "[core]\n\tfsmonitor = ./run",
        "[core]fsmonitor=./run",
        '[diff "x"]\n\ttextconv = ./run',
        "[CORE]\n PAGER = ./run",
        "[include]\n\tpath = x",
        "[core]\n\thooksPath = x",
        '[remote "origin"]\n\tpromisor = true',
    ],
)
def test_git_settings_that_run_programs_are_no_plain_read(setting: str, repository: Context) -> None:
    with (repository.folder / ".git" / "config").open("a") as config:
        config.write(setting + "\n")
    assert level("git status", repository) is Level.CONFIRM
    (repository.folder / "sub").mkdir()
    assert level("cd sub && git status", repository) is Level.CONFIRM


def test_git_in_a_folder_that_is_not_known_is_no_plain_read(repository: Context) -> None:
    assert level("cd - && git status", repository) is Level.CONFIRM


def test_a_folder_that_is_itself_a_bare_repository_is_no_plain_read(context: Context) -> None:
    subprocess.run(["git", "init", "-q", "--bare", str(context.folder)], check=True)
    assert level("git log", context) is Level.CONFIRM


def test_a_folder_that_is_gone_is_no_error(tmp_path: Path) -> None:
    context = Context(tmp_path / "gone", tmp_path)
    assert level("ls", context) is Level.ALLOW
    assert level("rm -rf ..", context) is Level.BLOCK
