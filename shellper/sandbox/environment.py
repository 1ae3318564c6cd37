"""The environment of a command: an allow-list, and what makes programs quiet and non-interactive."""

import re
from collections.abc import Mapping
from pathlib import Path

from shellper.sandbox.policy import SandboxError

RUN_MARK = "SHELLPER_RUN"
"""The variable that names the run a process belongs to, so that strays can be found (and scripts can tell)."""

PASSED_ON = frozenset(
    {
        *("USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TMPDIR"),
        *("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CONFIG_DIRS", "XDG_DATA_DIRS"),
        *("VIRTUAL_ENV", "CONDA_PREFIX", "CONDA_DEFAULT_ENV", "PYENV_ROOT", "NVM_DIR"),
        *("JAVA_HOME", "GOPATH", "GOROOT", "CARGO_HOME", "RUSTUP_HOME"),
    }
)
"""Variables a command gets as they are; beside these, those whose names start with LC_."""

FIXED = {
    "TERM": "dumb",
    "PAGER": "cat",
    "GIT_PAGER": "cat",
    "MANPAGER": "cat",
    "SYSTEMD_PAGER": "cat",
    "GIT_TERMINAL_PROMPT": "0",
    "DEBIAN_FRONTEND": "noninteractive",
    "PIP_NO_INPUT": "1",
    "NO_COLOR": "1",
    "CLICOLOR": "0",
}
"""Variables that are the same for every command: nothing pages, asks or colours."""

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

_NEVER = re.compile(
    r"""
    (?: LD_ | DYLD_ | BASH_FUNC_ ) .*            # code that is loaded into every program
    | BASH_ENV | ENV | PS4 | PROMPT_COMMAND | SHELLOPTS | BASHOPTS | IFS   # code that the shell runs, or its rules
    | .* (?: TOKEN | KEY | SECRET | PASSWORD | PASSWD | CREDENTIAL ) .*    # secrets
    """,
    re.VERBOSE | re.IGNORECASE,
)


OF_TERMINAL = ("TERM", "COLORTERM", "NO_COLOR", "PAGER", "MANPAGER", "LESS", "EDITOR", "VISUAL", "COLUMNS", "LINES")
"""Variables that a command at the user's terminal gets as they are."""


def clean_environment(
    source: Mapping[str, str], home: Path, folder: Path, extras: Mapping[str, str], *, at_terminal: bool = False
) -> dict[str, str]:
    """Make a command's environment from the program's own (`source`) and the policy's extras.

    `at_terminal` is for a command that has the user's terminal, and so may page, ask and colour.
    Raises SandboxError when an extra is a name that no command may get.
    """
    result = {name: value for name, value in source.items() if _is_passed_on(name)}
    if at_terminal:
        result.update((name, source[name]) for name in OF_TERMINAL if name in source)
    else:
        result.update(FIXED)
    result["PATH"] = _absolute_entries(source.get("PATH", "")) or DEFAULT_PATH
    result["HOME"] = str(home)
    # The shell keeps the name the user knows for a folder that is reached through a link, if PWD gives it.
    result["PWD"] = str(folder)
    if not any(name == "LANG" or name.startswith("LC_") for name in result):
        result["LANG"] = "C.UTF-8"
    for name, value in extras.items():
        _check_extra(name, value)
        result[name] = value
    return result


def _is_passed_on(name: str) -> bool:
    return (name in PASSED_ON or name.startswith("LC_")) and not _NEVER.fullmatch(name)


def _absolute_entries(path: str) -> str:
    """Keep the absolute entries of a PATH: a relative or empty one means "whatever lies in this folder"."""
    return ":".join(entry for entry in path.split(":") if entry.startswith("/"))


def _check_extra(name: str, value: str) -> None:
    if _NEVER.fullmatch(name):
        raise SandboxError(
            f"the environment variable {name} is never given to a command (it can hold a secret or load code); "
            "remove it from the extra variables"
        )
    if not name or "=" in name or "\0" in name + value:
        raise SandboxError(f"{name!r} can't be an environment variable; correct the extra variables")
