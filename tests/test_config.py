"""Settings and folders, from real files."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from shellper.config import ConfigError, Settings, load_settings, paths


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def failure(file: Path) -> str:
    """Load settings that must be refused and return the message, which must be one line that names the file."""
    with pytest.raises(ConfigError) as caught:
        load_settings(file)
    message = str(caught.value)
    assert "\n" not in message
    assert str(file) in message
    return message


def test_no_file_means_the_defaults(file: Path) -> None:
    assert load_settings(file) == Settings()


def test_an_empty_file_means_the_defaults(file: Path) -> None:
    file.write_text("# nothing\n")
    assert load_settings(file) == Settings()


def test_every_setting_can_be_set(file: Path) -> None:
    file.write_text(
        'time_limit = 5\nauto_run = true\nhistory = false\nthreads = 3\nidle_seconds = 60\nweights = "/m/x.gguf"\n'
        'editing_mode = "vi"\n'
    )
    assert load_settings(file) == Settings(5.0, True, False, 3, 60, Path("/m/x.gguf"), "vi")


def test_weights_are_found_from_the_file_and_from_home(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/someone")
    file.write_text('weights = "m/x.gguf"')
    assert load_settings(file).weights == tmp_path / "m/x.gguf"
    file.write_text('weights = "~/x.gguf"')
    assert load_settings(file).weights == Path("/home/someone/x.gguf")


def test_a_typo_names_file_line_and_the_right_key(file: Path) -> None:
    file.write_text("# mine\n\ntime_limt = 3\n")
    message = failure(file)
    assert "line 3" in message
    assert "'time_limt'" in message
    assert "did you mean time_limit?" in message


def test_a_dashed_key_is_recognised(file: Path) -> None:
    file.write_text("auto-run = true\n")
    assert "did you mean auto_run?" in failure(file)


def test_an_unlike_key_lists_what_there_is(file: Path) -> None:
    file.write_text("colour = 1\n")
    assert "there are: auto_run, editing_mode" in failure(file)


def test_a_table_is_an_unknown_key_with_its_line(file: Path) -> None:
    file.write_text("threads = 1\n[engine]\nthreads = 2\n")
    assert "line 2: there is no setting 'engine'" in failure(file)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('time_limit = "5"', "time_limit must be a number, without quotes, not '5'"),
        ("time_limit = true", "time_limit must be a number"),
        ("time_limit = -1", "time_limit must be from 0 to"),
        ("time_limit = nan", "time_limit must be from 0 to"),
        ("time_limit = inf", "time_limit must be from 0 to"),
        ("threads = 1.5", "threads must be a whole number"),
        ("threads = true", "threads must be a whole number"),
        ("threads = 100000", "threads must be from 0 to 1024"),
        ("idle_seconds = 0", "idle_seconds must be from 1 to"),
        ('auto_run = "yes"', "auto_run must be true or false, without quotes, not 'yes'"),
        ("auto_run = 1", "auto_run must be true or false"),
        ("weights = 3", "weights must be the path of a file in quotes"),
        ('weights = ""', "weights must be the path of a file in quotes"),
        ('editing_mode = "vim"', 'editing_mode must be "emacs" or "vi", not \'vim\'; did you mean "vi"?'),
        ("editing_mode = 1", 'editing_mode must be "emacs" or "vi"'),
    ],
)
def test_a_wrong_value_is_refused_with_its_line(file: Path, text: str, says: str) -> None:
    file.write_text("\n" + text + "\n")
    message = failure(file)
    assert says in message
    assert "line 2" in message


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("threads = 1\nauto_run true\n", "line 2, column"),
        ('weights = "x\n', "line 1, column"),
        ("threads =", "end of document"),
        ("threads = 1\nthreads = 2\n", "line 2"),
    ],
)
def test_a_syntax_error_names_its_place(file: Path, text: str, place: str) -> None:
    file.write_text(text)
    message = failure(file)
    assert place in message
    assert "this is no TOML" in message


def test_a_file_that_is_no_utf8_is_refused(file: Path) -> None:
    file.write_bytes(b"threads = 1\n# caf\xe9\n")
    assert "line 2: this is no UTF-8" in failure(file)


def test_a_folder_in_its_place_is_refused(file: Path) -> None:
    file.mkdir()
    assert "can't be read (Is a directory)" in failure(file)


def test_the_default_file_lies_in_the_config_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELLPER_HOME", str(tmp_path))
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "config.toml").write_text("threads = 7\n")
    assert load_settings().threads == 7


def test_one_variable_moves_every_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELLPER_HOME", str(tmp_path / "h"))
    found = paths()
    assert {found.config, found.state, found.data, found.cache} == {
        tmp_path / "h" / name for name in ("config", "state", "data", "cache")
    }


def test_a_relative_home_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SHELLPER_HOME", "sub/../h")
    assert paths().state == tmp_path / "h" / "state"


def test_without_the_variable_the_platform_says_where(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELLPER_HOME", "")
    monkeypatch.setenv("XDG_STATE_HOME", "/somewhere/state")
    if sys.platform == "linux":
        assert paths().state == Path("/somewhere/state/shellper")
    assert all(os.fspath(folder).endswith("shellper") for folder in (paths().config, paths().data, paths().cache))


def test_it_imports_nothing_else_of_shellper() -> None:
    program = "import shellper.config, sys; print([m for m in sys.modules if m.startswith('shellper.')])"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "['shellper.config']"
