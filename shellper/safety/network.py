"""What leaves the machine, and shells that are handed to another one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from shellper.safety.paths import read_secrets
from shellper.safety.rules import like
from shellper.safety.state import USED
from shellper.safety.verdict import Verdict, block, confirm, shown, warn
from shellper.safety.words import Argument, literal_argument, unescaped

if TYPE_CHECKING:
    from shellper.safety.programs import Call
    from shellper.safety.state import State
    from shellper.safety.walk import Walk

# A key that proves who one is stays here.
IDENTITY = frozenset({"-i", "--cert", "--key", "-E", "--cacert", "--identity", "-F", "-S"})
COPIERS = frozenset({"scp", "rsync", "sftp", "rclone", "gsutil", "rcp"})
# Programs that are told by their input which files to send.
ORDERED = frozenset({"sftp", "ftp", "lftp", "tftp", "smbclient"})
MOST_WORDS = 40
REMOTE = re.compile(r"[\w.@-]*[\w]:(?!/{0}\\).*|rsync://.*|s3://.*|gs://.*")
TELLS = re.compile(r"^\s*(?:env|printenv|set|export(?: -p)?|declare(?: -p)?|history)\s*(?:$|\|)")
SOURCES = re.compile(r"\b(cat|base64|tar|zip|gzip|xxd|head|tail|env|printenv|history|grep|find|ps|set)\b")
HANDS_SHELL = re.compile(r"(?i)\b(exec|system|shell):|,pty")


def sends(name: str, call: Call, walk: Walk, state: State) -> Iterator[Verdict]:
    """Judge what a program for the network sends."""
    rules = walk.places.rules
    texts = [unescaped(argument.pattern) for argument in call.rest]
    if name in rules.sends_with and not set(rules.sends_with[name]).intersection(texts):
        return
    orders = name in ORDERED and call.documents
    if name in COPIERS and not orders and not any(REMOTE.fullmatch(text) for text in texts if not text.startswith("-")):
        return
    if rules.shells.intersection(call.piped_from) or _hands_shell(name, texts):
        yield block(f"`{name}` hands a shell to another machine")
    secret = call.secret
    for before, argument in zip([None, *call.rest], call.rest, strict=False):
        if before is not None and before.literal in IDENTITY and name != "curl":
            continue
        secret |= any(verdict.secret for verdict in read_secrets(argument, walk.places, state.folders))
        secret |= any(TELLS.search(program.text) for program in argument.programs)
        if any(SOURCES.search(program.text) for program in argument.programs):
            yield warn(f"{shown(argument.raw)} sends what a command prints to the network")
        secret |= any(like(variable, rules.kept_variables) for variable in USED.findall(argument.raw))
    for text in filter(None, call.documents if name in ORDERED else ()):
        words = [literal_argument(word) for word in text.split()[:MOST_WORDS]]
        secret |= any(one.secret for word in words for one in read_secrets(word, walk.places, state.folders))
    if secret:
        yield block(f"`{name}` sends keys or passwords to the network")
    elif call.piped_from and name not in ("wget",) and _takes_input(name, texts):
        yield warn(f"`{name}` sends what it gets as input to the network")
    yield from _uploads(name, call.rest, walk)


def _takes_input(name: str, texts: Sequence[str]) -> bool:
    """Tell whether the program sends its input."""
    if name == "curl":
        return any(re.fullmatch(r"-|@-|.*=@-|@/dev/stdin|-T-|-d@-|.*@-", text) for text in texts)
    return name not in COPIERS


def _uploads(name: str, rest: Sequence[Argument], walk: Walk) -> Iterator[Verdict]:
    if name != "curl":
        return
    for before, argument in zip([None, *rest], rest, strict=False):
        text = unescaped(argument.pattern)
        option = unescaped(before.pattern) if before is not None else ""
        if text.startswith(("-T", "--upload-file")):
            yield warn("`curl` sends a file to the network")
        elif re.match(r"-[a-zA-Z]*[dF]$|--data|--form|--json", option) and "@" in text:
            path = text.partition("@")[2]
            judged = warn if path.startswith(("/", "~", "..")) else confirm
            yield judged(f"{shown(argument.raw)} sends a file to the network")


def _hands_shell(name: str, texts: Sequence[str]) -> bool:
    if name in ("nc", "ncat", "netcat", "nc.traditional"):
        return any(re.match(r"-[a-z]*[ec]|--exec|--sh-exec|--lua-exec", text) for text in texts)
    return name == "socat" and any(HANDS_SHELL.search(text) for text in texts) and len(texts) > 1
