"""Code that stands in a command (`python -c`, `perl -e`, `awk`): what its words and texts show it would do.

It is not understood, only looked at: nothing here proves that code is harmless.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from shellper.safety.paths import deleted, read_secrets, written
from shellper.safety.verdict import Level, Verdict, block, confirm, warn
from shellper.safety.words import Argument, escaped, literal_argument

if TYPE_CHECKING:
    from shellper.safety.state import State
    from shellper.safety.walk import Walk

MOST_TEXTS = 24
SHELL_LIKE = ("pwsh", "powershell", "fish")
TEXT = re.compile(
    r"""'((?:\\.|[^'\\\n])*)'|"((?:\\.|[^"\\\n])*)"|`([^`\n]*)`|q[qxw]?[({/]([^)}/\n]*)[)}/]"""
    r"""|<([^<>\s;]*[/~][^<>\s;]*)>"""
)
LIST = re.compile(r"""((?:'[^']*'|"[^"]*")(?:\s*,\s*\[?\s*(?:'[^']*'|"[^"]*"))+)""")
# What only names a module.
MODULES = re.compile(r"""\b(?:require|import|use|from|load|include)\b\s*\(?\s*['"][\w./-]*['"]""")
RUNS = re.compile(
    r"\bsystem\b|popen|subprocess|\bexec[vlpe]*\s*[(\s'\"]|spawn|`|\bqx\b|child_process|shell_exec|passthru|proc_open"
    r"|os\.execute|shell-command|call-process|Open3|Runtime|\bpty\b|execSync|\|\s*\"|\"\s*\|"
    r"|\bdo (?:shell )?script\b|startfile|os:cmd|\.execute\s*\(|\bshell\b\s*[\"'(]|\bsyscmd\b|Invoke-Expression",
    re.IGNORECASE,
)
REMOVES_TREES = re.compile(
    r"rmtree|delete-directory|rm_rf|rm_r\b|remove_tree|remove_dir|rmSync|removeSync|remove_entry|rimraf|\brm\s*\(|Remove-Item"
    r"|[\"']rm[\"']\s*,\s*[\"']-\w*[rR]"
)
REMOVES = re.compile(
    r"unlink|\bremove\s*\(|\brmdir|\.delete\s*\(|File\.delete|deleteFile|removedirs|\brename\s*\(|move\s*\("
)
WRITES = re.compile(
    r"""open\s*\([^)]*,\s*(?:mode\s*=\s*)?['"][rb]?[wax+>]|['"]>{1,2}|write_text|write_bytes|writeFile|appendFile"""
    r"""|file_put_contents|File\.write|\bchmod|\bchown|copyfile|shutil\.copy|\bprintf?\b[^|]*>""",
)
SOCKET = re.compile(
    r"socket|/inet/|TCPSocket|fsockopen|net\.connect|createConnection|IO::Socket|require\(.net.\)", re.IGNORECASE
)
FETCHES = re.compile(
    r"urllib|urlopen|requests|http|LWP|fetch\s*\(|open-uri|curl|wget|\birm\b|\biwr\b|Invoke-\w*Request|Invoke-RestMethod|DownloadString",
    re.IGNORECASE,
)
EVALUATES = re.compile(
    r"(?i)\biex\b|Invoke-Expression"
    r"|\bexec\s*\(|\beval\b|\bcompile\s*\(|new Function|instance_eval|__import__|loadstring"
)
DECODES = re.compile(
    r"base64|b64decode|unhexlify|fromhex|\bunpack|atob|Buffer\.from|\bdecode|zlib|marshal|codecs|\bchr\s*\(|\\x[0-9a-f]{2}\\x"
    r"|fromCharCode|pack\s*\(|\[::-1\]|\breverse\b",
    re.IGNORECASE,
)
TELLING_SHELLS = ("expect", "tclsh", "wish")
STARTED = re.compile(r"(?:spawn|exec|system)\s+([^;\n\]]+)")
DELETES_ALL = re.compile(
    r"(?i)\b(?:delete|empty)\s+(?:every|all|the contents|entire|home|disk|folder)\b|\b(?:shut down|restart)\b"
)
FORKS = re.compile(
    r"while.*\bfork\b|\bfork\b.*\b(while|until)\b|loop.*\bfork\b|\bfor\s*\(;;\).*fork|fork.*fork|\bfork\b.*\bfor\b",
    re.DOTALL,
)
JOINS_SHELL = re.compile(r"dup2|\bpty\b|/bin/(?:ba|da|z)?sh|\bcmd\.exe|spawn|subprocess|popen|\bexec\b|system")
HOME = re.compile(
    r"expanduser|Path\.home|environ(?:\.get)?[\[(]\s*['\"]HOME|getenv\s*\(\s*['\"]HOME|ENV[\[{]\s*['\"]?HOME|process\.env\.HOME"
    r"|homedir\s*\(|Dir\.home|\$HOME"
)
EVERYTHING = re.compile(r"(?:getcwd|os\.curdir|process\.cwd|Dir\.pwd|Path\.cwd)")


def judge_code(name: str, code: str, walk: Walk, state: State) -> Iterator[Verdict]:
    """Judge code by the functions that it names and the texts that stand in it."""
    yield confirm(f"`{name}` runs code")
    code = MODULES.sub("", code)
    if name in SHELL_LIKE:
        yield from (found for found in walk.inner(code, state) if found.level is Level.BLOCK)
    runs = RUNS.search(code) is not None
    socket = SOCKET.search(code) is not None
    if socket and (JOINS_SHELL.search(code) or runs):
        yield block(f"the code of `{name}` hands a shell to another machine")
    if (FETCHES.search(code) or socket) and EVALUATES.search(code):
        yield block(f"the code of `{name}` runs whatever the network sends")
    if "/inet/" in code and "getline" in code:
        yield block(f"the code of `{name}` takes its orders from another machine")
    if FORKS.search(code):
        yield block(f"the code of `{name}` starts copies of itself until the computer stops")
    if DECODES.search(code) and (EVALUATES.search(code) or runs):
        yield block(f"the code of `{name}` runs something that it hides")
    if name in TELLING_SHELLS:
        for command in STARTED.findall(code):
            yield from (found for found in walk.inner(command, state) if found.level is Level.BLOCK)
    if name == "osascript" and DELETES_ALL.search(code):
        yield block(f"the code of `{name}` deletes everything in a folder, or stops the computer")
    texts = list(dict.fromkeys(_texts(code)))[:MOST_TEXTS]
    sends = socket or FETCHES.search(code) is not None
    for text in texts:
        for verdict in read_secrets(_path(text, walk), walk.places, state.folders):
            yield block(f"the code of `{name}` may send keys or passwords") if sends and verdict.secret else verdict
    if runs:
        yield warn(f"the code of `{name}` can run other programs")
        for command in [*texts, *_joined(code)]:
            yield from (found for found in walk.inner(command, state) if _is_told(found))
    yield from _changes(name, code, texts, walk, state)
    if EVALUATES.search(code):
        yield warn(f"the code of `{name}` runs a text as code")


def _is_told(verdict: Verdict) -> bool:
    """Tell whether a verdict says more than that the text is no command."""
    unread = all("can't be read" in reason for reason in verdict.reasons)
    return verdict.level is Level.BLOCK or (verdict.level is Level.WARN and not unread)


def _changes(name: str, code: str, texts: list[str], walk: Walk, state: State) -> Iterator[Verdict]:
    """Judge the paths that the code would delete or write."""
    trees = REMOVES_TREES.search(code) is not None
    paths = [_path(text, walk) for text in texts if re.fullmatch(r"[^\s]{1,200}", text) and not text.isalpha()]
    if HOME.search(code) and not any(text.startswith("~") for text in texts):
        below = [text for text in texts if text not in ("HOME", "w", "a")]
        paths.append(literal_argument("/".join([walk.places.home, *below[:1]]) if below else walk.places.home))
    if EVERYTHING.search(code):
        paths.append(literal_argument("."))
    if trees or REMOVES.search(code):
        found = [verdict for path in paths for verdict in deleted(path, walk.places, state.folders, recursive=trees)]
        yield from found or [warn(f"the code of `{name}` deletes or moves files")]
    if WRITES.search(code):
        for path in paths:
            yield from written(path, walk.places, state.folders, "writes to")


def _texts(code: str) -> Iterator[str]:
    for found in TEXT.finditer(code):
        text = next((group for group in found.groups() if group is not None), "")
        if text:
            yield re.sub(r"\\(.)", r"\1", text)


def _joined(code: str) -> Iterator[str]:
    """Join the texts of a list such as `["rm", "-rf", "/"]` into a command."""
    for found in LIST.finditer(code):
        parts = list(_texts(found.group(1)))
        if len(parts) > 1:
            yield " ".join(parts)


def _path(text: str, walk: Walk) -> Argument:
    if text == "~" or text.startswith("~/"):
        return Argument(escaped(walk.places.home + text[1:]), text)
    return Argument(text.replace("{", "\\{").replace("\\", "\\\\") if "*" in text else escaped(text), text)
