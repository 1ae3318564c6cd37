"""Programs that talk to a person at a terminal, recognised by their names and arguments, as data."""

from __future__ import annotations

import re
import shlex

_NAMES = {
    "always": """
        vi vim nvim nano pico emacs ed joe micro hx less more most man info top htop btop atop iotop ncdu ranger mc nnn
        vifm tmux screen fzf watch dialog whiptail mutt alpine lynx w3m telnet ftp sftp ssh mosh su sudo doas passwd
        chsh visudo vipw crontab ipython irb ghci gdb lldb pdb tig lazygit cfdisk fdisk parted""",
    "without arguments": """
        python python3 node deno bun bash sh zsh fish dash ksh php lua R julia scala sqlite3 psql mysql mariadb
        mongosh redis-cli bc dc""",
}
_ALWAYS, _REPLS = (frozenset(names.split()) for names in _NAMES.values())
"""What talks to people whatever its arguments are (`_QUIET` names those that make some ask nothing), and what waits for
lines only where it has none (a database's name aside)."""

_QUIET = {
    "sudo": ("-n", "-v", "-l", "-k", "-K", "--non-interactive"),
    "top": ("-b",),
    "emacs": ("--batch", "-batch", "--script"),
    "vi": ("-es", "-Es"),
    "vim": ("-es", "-Es"),
    "nvim": ("--headless", "-es", "-Es"),
    "gdb": ("--batch", "-batch"),
    "crontab": ("-l", "-r"),
    "fdisk": ("-l",),
    "parted": ("-s", "-l"),
    "tmux": ("ls", "list-sessions", "kill-session", "new-window", "send-keys"),
    "screen": ("-ls", "-list"),
}

_TAKE_A_NAME = frozenset({"sqlite3", "psql", "mysql", "mariadb", "mongosh"})

_GIT = (("rebase", "-i"), ("rebase", "--interactive"), ("add", "-i"), ("add", "-p"), ("add", "--patch"))
_WITH_MESSAGE = re.compile(r"-[a-zA-Z]*[mFC].*|--(?:message|file|no-edit|reuse-message|fixup)(?:=.*)?")

_ASK_ALL_THE_SAME = frozenset({"sudo", "su", "doas", "ssh", "fzf"})
"""They open the terminal by themselves, wherever their output goes."""

_SEPARATOR = re.compile(r"(;|\n|&&|\|\|?|&)")
_BEFORE = frozenset({"exec", "command", "time", "nice", "env", "then", "do", "else"})


def wants_terminal(command: str) -> str:
    """Return the program of a command that talks to a person at a terminal; empty where none does.

    It is read by its words alone: a guess that a front end offers the terminal by, never a wall.
    """
    parts = [*_SEPARATOR.split(command), ""]
    for part, after in zip(parts[::2], parts[1::2], strict=True):
        try:
            words = shlex.split(part.strip(" ("), comments=True)
        except ValueError:  # a quote that another part closes
            continue
        while words and (words[0] in _BEFORE or re.fullmatch(r"[A-Za-z_]\w*=.*", words[0])):
            words = words[1:]
        program = words[0].rpartition("/")[2] if words else ""
        if after == "|" and program not in _ASK_ALL_THE_SAME:
            continue
        if program and _is_interactive(program, words[1:], is_fed="<" in part or "|" in command):
            return program
    return ""


def _is_interactive(program: str, arguments: list[str], *, is_fed: bool) -> bool:
    if "--help" in arguments or "--version" in arguments:
        return False
    if program == "git":
        return _is_interactive_git(arguments)
    if program == "read":
        return not is_fed
    if program in _REPLS:
        most = 1 if program in _TAKE_A_NAME else 0
        return not is_fed and len(arguments) <= most and not any(one.startswith("-") for one in arguments)
    return program in _ALWAYS and not any(one in _QUIET.get(program, ()) for one in arguments)


def _is_interactive_git(arguments: list[str]) -> bool:
    if any(set(words) <= set(arguments) for words in _GIT):
        return True
    return arguments[:1] == ["commit"] and not any(_WITH_MESSAGE.fullmatch(one) for one in arguments[1:])
