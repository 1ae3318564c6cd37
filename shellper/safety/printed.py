"""What the plainest programs print, worked out without running them: it shows what an obfuscated command would do."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Sequence

from shellper.safety.ansi_c import ESCAPE, decoded

LONGEST = 8 * 1024
# `s/old/new/` without special characters.
REPLACED = re.compile(r"s([/|,#:@!_])([\w\s~/=:@%,-]+?)\1([\w\s~/=:@%,.-]*)\1(g?)")
CHARACTERS = re.compile(r"-[cb](\d{0,4})(?:-(\d{0,4}))?")
COUNT = re.compile(r"(?:-n?(\d{1,4}))?")
ZONE = re.compile(r"%[-_0^#\d]*:*z")
DATE_PART = re.compile(r"%[-_0^#\d]*([a-zA-Z%])")
HEX = re.compile(r"[0-9a-fA-F]+")


def output(words: Sequence[str], fed: str | None, folder: str | None = None) -> str | None:
    """Return what a program with these words prints when it is fed this text; None if that isn't known.

    `folder` is the working directory.
    """
    if not words or len(fed or "") > LONGEST:
        return None
    name, rest = words[0].rsplit("/", 1)[-1], list(words[1:])
    if name in ("echo", "printf"):
        return _echo(rest) if name == "echo" else _printf(rest)
    if (name in (":", "true") and not rest) or (name == "cat" and rest == ["/dev/null"]):
        return ""
    if name in ("pwd", "dirname", "basename", "realpath", "readlink"):
        return _path(name, [word for word in rest if not word.startswith("-")], folder)
    if name == "cat" and rest in ([], ["-"]):
        return fed
    if name == "mktemp" and set(rest) <= {"-d", "-q"}:
        return "/tmp/(a new name)\n"
    if name == "which" or (name in ("command", "type") and rest[:1] in (["-v"], ["-P"], ["-p"])):
        return f"/usr/bin/{rest[-1]}\n" if rest and "/" not in rest[-1] else None
    if name == "date" and len(rest) == 1 and rest[0].startswith("+"):
        # Any date has the same signs, but for a zone that may begin with a minus.
        return None if ZONE.search(rest[0]) else DATE_PART.sub(_date_part, rest[0][1:]) + "\n"
    transform = _transform(name, rest)
    if transform is None or fed is None:
        return None
    try:
        return transform(fed)
    except (ValueError, binascii.Error):
        return None


def _date_part(found: re.Match[str]) -> str:
    return {"%": "%", "n": "\n", "t": "\t", "F": "2000-01-01", "T": "00:00:00", "Y": "2000"}.get(found[1], "00")


def _path(name: str, names: list[str], folder: str | None) -> str | None:
    """Return what a program prints that works on the name of one file alone."""
    if name == "pwd":
        return folder + "\n" if folder and not names else None
    if len(names) != 1:
        return None
    text = names[0].rstrip("/") or "/"
    if name == "dirname":
        return (text.rpartition("/")[0] or ("/" if text.startswith("/") else ".")) + "\n"
    if name == "basename":
        return (text.rpartition("/")[2] or "/") + "\n"
    # Links are followed where the path is judged.
    return text + "\n" if text.startswith("/") else None


def _echo(words: list[str]) -> str:
    escapes = False
    while words and re.fullmatch(r"-[neE]+", words[0]):
        escapes |= "e" in words.pop(0)
    text = " ".join(words)
    return (decoded(text) if escapes else text) + "\n"


def _printf(words: list[str]) -> str | None:
    if words[:1] == ["--"]:
        words = words[1:]
    if not words or words[0].startswith("-"):
        return None
    form, values = ESCAPE.sub(lambda found: decoded(found.group()), words[0]), words[1:]
    needed = len(re.findall(r"%[sbdiq]", form))
    if re.search(r"%(?![sbdiq%])", form):
        return None
    if not needed:
        return form.replace("%%", "%")
    printed = ""
    values = values or [""]
    for start in range(0, len(values), needed):
        batch = iter([*values[start : start + needed], *([""] * needed)])
        printed += re.sub(
            r"%([sbdiq%])",
            lambda found: "%" if found[1] == "%" else decoded(next(batch)) if found[1] == "b" else next(batch),  # noqa: B023
            form,
        )
    return printed


def _transform(name: str, rest: list[str]) -> Callable[[str], str] | None:
    """Return how a filter changes a text, or None if that isn't known."""
    decodes = any(re.fullmatch(r"-[dDi]+|--decode", word) for word in rest)
    if (name == "base64" and decodes) or (name == "openssl" and decodes and {"base64", "-base64", "-a"} & set(rest)):
        return lambda text: base64.b64decode("".join(text.split()) + "==", validate=False).decode()
    if name == "base32" and decodes:
        return lambda text: base64.b32decode("".join(text.split())).decode()
    if name == "xxd" and "r" in "".join(rest) and "p" in "".join(rest):
        return lambda text: bytes.fromhex("".join(HEX.findall(text))).decode()
    if name == "rev" and not rest:
        return lambda text: "\n".join(line[::-1] for line in text.split("\n"))
    if name == "tr" and len(rest) == 2 and not rest[0].startswith("-"):
        return lambda text: _translated(text, _set(rest[0]), _set(rest[1]))
    if name == "tr" and len(rest) == 2 and rest[0] == "-d":
        return lambda text: "".join(character for character in text if character not in _set(rest[1]))
    return _lines(name, rest)


def _lines(name: str, rest: list[str]) -> Callable[[str], str] | None:
    """Return how a filter changes or picks lines, or None if that isn't known."""
    replaced = REPLACED.fullmatch(rest[0]) if name == "sed" and len(rest) == 1 else None
    if replaced:
        old, new = re.escape(replaced[2]), replaced[3]
        return lambda text: "".join(
            re.sub(old, lambda _: new, line, count=0 if replaced[4] else 1) for line in text.splitlines(True)
        )
    span = CHARACTERS.fullmatch("".join(rest)) if name == "cut" else None
    if span:
        first, last = int(span[1] or 1), None if span[2] == "" else int(span[2] or span[1] or 1)
        return lambda text: "".join(line[first - 1 : last] + "\n" for line in text.splitlines())
    count = COUNT.fullmatch("".join(rest)) if name in ("head", "tail") else None
    if count:
        most = int(count[1] or 10)
        ends = name == "tail"
        return lambda text: "".join(text.splitlines(True)[-most:] if ends else text.splitlines(True)[:most])
    if name == "tac" and not rest:
        return lambda text: "".join(reversed(text.splitlines(True)))
    if name == "awk" and rest in (["{print}"], ["1"], ["{print $0}"]):
        return lambda text: text
    return None


def _set(text: str) -> str:
    text = decoded(text)
    return re.sub(r"(.)-(.)", lambda found: "".join(map(chr, range(ord(found[1]), ord(found[2]) + 1))), text)


def _translated(text: str, before: str, after: str) -> str:
    if not after:
        raise ValueError("nothing to translate to")
    table = dict(zip(before, after.ljust(len(before), after[-1]), strict=False))
    return "".join(table.get(character, character) for character in text)
