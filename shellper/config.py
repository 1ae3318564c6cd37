"""Settings from `config.toml`, and the folders that everything of SHELLper's own lies in."""

from __future__ import annotations

import difflib
import math
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, TypeAlias

HOME_VARIABLE = "SHELLPER_HOME"
CONFIG_NAME = "config.toml"

EditingMode: TypeAlias = Literal["emacs", "vi"]
ThemeName: TypeAlias = Literal["dark", "light", "terminal"]
LeastLevel: TypeAlias = Literal["full", "limited", "none"]


class ConfigError(Exception):
    """The settings can't be read; the message is one line that names the file, the line or the key, and the mend."""


@dataclass(frozen=True)
class Paths:
    """The folders that SHELLper's own files lie in; none of them needs to exist yet."""

    config: Path
    state: Path
    data: Path
    cache: Path

    @property
    def config_file(self) -> Path:
        """The file of settings."""
        return self.config / CONFIG_NAME


def paths() -> Paths:
    """Return the folders: below `SHELLPER_HOME` where it is set, else where the platform wants them."""
    home = os.environ.get(HOME_VARIABLE)
    if home:
        # Made absolute here, since the session changes folders and the engine starts in another one.
        top = Path(os.path.abspath(Path(home).expanduser()))  # noqa: PTH100 (a link keeps its name)
        return Paths(top / "config", top / "state", top / "data", top / "cache")
    import platformdirs

    dirs = platformdirs.PlatformDirs("shellper", appauthor=False)
    return Paths(dirs.user_config_path, dirs.user_state_path, dirs.user_data_path, dirs.user_cache_path)


def _number(default: float, least: float, most: float) -> Any:
    return field(default=default, metadata={"least": least, "most": most})


@dataclass(frozen=True)
class Settings:
    """What the user can set in `config.toml`, each key under the name of its field."""

    time_limit: float = _number(120.0, 0, 30 * 24 * 3600)
    """Seconds until a command is stopped; 0 for no limit."""
    auto_run: bool = False
    """Run commands whose verdict is `allow` without asking."""
    history: bool = True
    """Keep conversations on the disk."""
    threads: int = _number(0, 0, 1024)
    """Threads of the engine; 0 for one a physical core."""
    idle_seconds: int = _number(600, 1, 30 * 24 * 3600)
    """Seconds without a request until the engine's process ends."""
    weights: Path | None = None
    """A GGUF file that is used instead of the built weights."""
    editing_mode: EditingMode = field(default="emacs", metadata={"choices": ("emacs", "vi")})
    """The keys of the line editor."""
    theme: ThemeName = field(default="dark", metadata={"choices": ("dark", "light", "terminal")})
    """The colours of the app; `terminal` for the terminal's own."""
    sandbox: LeastLevel = field(default="none", metadata={"choices": ("full", "limited", "none")})
    """The least sandbox level that is accepted; where it is not offered, nothing runs."""
    network: bool = False
    """Let commands in the sandbox reach the network."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """Keys of the app by the names that the README lists, such as `sessions = "f9"`; several with commas."""


def load_settings(file: Path | None = None) -> Settings:
    """Return the settings of a file (by default `config.toml` in the config folder); no file means the defaults.

    Raises `ConfigError` where the file can't be read, is no TOML, or has an unknown key or a wrong value.
    """
    file = file or paths().config_file
    try:
        text = file.read_bytes().decode()
        data = tomllib.loads(text)
    except FileNotFoundError:
        return Settings()
    except OSError as error:
        raise ConfigError(f"{file} can't be read ({error.strerror}); mend that, or move the file away") from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{file}, line {line}: this is no UTF-8; save the file as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(_syntax_message(file, str(error))) from error
    return Settings(**{key: _value(key, value, _Place(file, text, key)) for key, value in data.items()})


def _syntax_message(file: Path, said: str) -> str:
    """Turn tomllib's message, which ends with a place in parentheses, into one that begins with the place."""
    found = re.fullmatch(r"(?s)(.*) \(at (.*)\)", said)
    what, where = (found[1], found[2]) if found else (said, "")
    place = f"{file}, {where}" if where else f"{file}"
    return f"{place}: this is no TOML ({_one_line(what)}); a setting looks like: time_limit = 60"


def _one_line(text: str) -> str:
    return " ".join(text.split())


@dataclass(frozen=True)
class _Place:
    """Where a key stands, for messages."""

    file: Path
    text: str
    key: str

    def error(self, what: str) -> ConfigError:
        """Make the error that says what is wrong here."""
        found = re.search(rf"""(?m)^[ \t]*\[*[ \t]*["']?{re.escape(self.key)}["']?[ \t]*[=.\]]""", self.text)
        where = f", line {self.text.count(chr(10), 0, found.start()) + 1}" if found else ""
        return ConfigError(f"{self.file}{where}: {what}")


def _value(key: str, value: object, place: _Place) -> Any:
    """Return a key's value as the setting it stands for."""
    known = {one.name: one for one in fields(Settings)}
    if key not in known:
        close = difflib.get_close_matches(key.lower().replace("-", "_"), known, n=1)
        mend = f"did you mean {close[0]}?" if close else f"there are: {', '.join(sorted(known))}"
        raise place.error(f"there is no setting {key!r}; {mend}")
    metadata, default = known[key].metadata, known[key].default
    if "choices" in metadata:
        return _choice(key, value, metadata["choices"], place)
    if "least" in metadata:
        return _checked_number(key, value, isinstance(default, float), (metadata["least"], metadata["most"]), place)
    if isinstance(default, bool):
        if not isinstance(value, bool):
            raise place.error(f"{key} must be true or false, without quotes, not {value!r}")
        return value
    if key == "keys":
        return _keys(value, place)
    if not isinstance(value, str) or not value or "\0" in value:
        raise place.error(f"{key} must be the path of a file in quotes, not {value!r}")
    # A relative path means one beside the file that names it, wherever the program was started.
    return place.file.absolute().parent / Path(value).expanduser()


def _keys(value: object, place: _Place) -> dict[str, str]:
    """Return a table of keys."""
    if not isinstance(value, dict):
        raise place.error('keys must be a table; below a line [keys] stands: sessions = "f9"')
    for name, key in value.items():
        if not isinstance(key, str) or not all(part.strip() for part in key.split(",")):
            raise place.error(f'the key of {name} must be a text such as "f9" or "ctrl+o", not {key!r}')
    return value


def _choice(key: str, value: object, choices: tuple[str, ...], place: _Place) -> str:
    """Return a value that must be one of several words."""
    if isinstance(value, str) and value in choices:
        return value
    words = " or ".join(f'"{choice}"' for choice in choices)
    close = difflib.get_close_matches(value.lower(), choices, n=1) if isinstance(value, str) else []
    mend = f'; did you mean "{close[0]}"?' if close else ""
    raise place.error(f"{key} must be {words}, not {value!r}{mend}")


def _checked_number(key: str, value: object, fraction: bool, bounds: tuple[float, float], place: _Place) -> float | int:
    """Return a value that must be a number, a whole one unless `fraction`."""
    least, most = bounds
    what = "a number" if fraction else "a whole number"
    if isinstance(value, bool) or not isinstance(value, (int, float) if fraction else int):
        raise place.error(f"{key} must be {what}, without quotes, not {value!r}")
    if math.isnan(value) or not least <= value <= most:
        raise place.error(f"{key} must be from {least} to {most}, not {value}")
    return float(value) if fraction else value
