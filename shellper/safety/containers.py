"""What containers may touch of this computer, and what runs in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from shellper.safety.programs import Call, judge_call
from shellper.safety.verdict import Level, Verdict, block, confirm, warn
from shellper.safety.words import unescaped

if TYPE_CHECKING:
    from shellper.safety.state import State
    from shellper.safety.walk import Walk

HOST_MOUNT = re.compile(r"(?:.*source=|.*src=)?/(?:etc|root|home|boot|usr|var/run/docker\.sock)?(?:[:,].*)?")


def container(call: Call, walk: Walk, state: State) -> Iterator[Verdict]:
    """Judge `docker` and its like by the folders that a container may write."""
    yield confirm("works with containers")
    name = call.name
    texts = [unescaped(argument.pattern) for argument in call.rest]
    for before, text in zip(["", *texts], texts, strict=False):
        mounted = before in ("-v", "--volume", "--mount") or text.startswith(("--volume=", "--mount=", "-v/"))
        path = text.partition("=")[2] if text.startswith("--") else text.removeprefix("-v")
        if mounted and HOST_MOUNT.fullmatch(path):
            yield block(f"`{name}` gives a container the files of the whole computer")
        elif mounted and any(path.split(":")[0].rstrip("/") == home for home in (walk.places.home, "~")):
            yield warn(f"`{name}` gives a container your home folder")
    if {"exec", "run"}.intersection(texts[:2]):
        yield from _in_container(call, texts, walk, state)


def _in_container(call: Call, texts: list[str], walk: Walk, state: State) -> Iterator[Verdict]:
    """Judge what runs in a container: it is apart from the files here, but for the folders that it is given."""
    rules = walk.places.rules
    acting = (*rules.writes, *rules.shells, "dd", "find", "env")
    place = next((at for at, text in enumerate(texts) if at > 1 and text.rpartition("/")[2] in acting), None)
    if place is None:
        return
    found = judge_call(call.of(call.rest[place:]), walk, state)
    yield from (replace(one, level=Level.WARN) for one in found if one.level is Level.BLOCK)
    mounts = [re.fullmatch(r"(?:--volume=|-v)?([/~.][^:]*):(/[^:]*)(?::.*)?", text) for text in texts[:place]]
    for mount in filter(None, mounts):
        here = re.sub(r"^~(?=/|$)", lambda _: walk.places.home, mount[1]).rstrip("/")
        inside = re.compile(rf"(?<![\w.]){re.escape(mount[2].rstrip('/'))}(?=/|$|\s|\*)")
        words = [replace(word, pattern=inside.sub(lambda _: here, word.pattern)) for word in call.rest[place:]]  # noqa: B023
        yield from (one for one in judge_call(call.of(words), walk, state) if one.level is Level.BLOCK)
