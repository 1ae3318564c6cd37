"""Orders that are told: which of several things a request wants first, though it may have named them otherwise."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence

from shellper.calls.call import ToolCall
from shellper.calls.catalogue import Catalogue
from shellper.calls.disk import Disk
from shellper.grounding.possible import NO_NAMES, can_work, paths_of, what_is_there

# A clause of its own: "show a first, then ..." orders what is done, and not to what.
_FIRST = re.compile(
    r"(?:^|[,;:(])\s*(?:the |but |with )*(?P<word>[\w.-]*\w)(?: (?:one|file|folder|version|copy))? first"
    r"(?=\s*(?:$|[,.;:!?)]|please\b|pls\b))",
    re.I,
)


def told_first(
    call: ToolCall, before: Sequence[ToolCall], catalogue: Catalogue, disk: Disk, request: str
) -> tuple[str, tuple[ToolCall, ...]]:
    """Return the argument of a call that isn't what a request wants first ("the slides first"), and the calls that are.

    Where that is done already by a call that came `before` in the same turn, or nothing is called so, there are none.
    """
    match = _FIRST.search(request)
    # "a first" of side_a and side_b has no article.
    if match is None or match["word"].casefold() in NO_NAMES - {"a"}:
        return "", ()
    word = match["word"]
    used = [one for one in before if one.name not in ("mkdir", "touch")]
    if any(_has(path, word) for one in used for _, path in paths_of(one, catalogue)):
        return "", ()
    paths = [(parameter.name, path) for parameter, path in paths_of(call, catalogue) if parameter.must_exist]
    if not paths or _has(paths[0][1], word):
        return "", ()
    name, given = paths[0]
    if call.name == "diff" and _has(paths[1][1], word):
        return given, (ToolCall("diff", {"file_name1": paths[1][1], "file_name2": given}),)
    wanted = (path for path in what_is_there(disk, given) if _has(path, word))
    calls = (ToolCall(call.name, {**call.arguments, name: path}) for path in wanted)
    return given, tuple(one for one in calls if can_work(one, catalogue, disk))


def _has(path: str, word: str) -> bool:
    """Say whether a path's last name is a word or has it as a part of its own, as `side_a.txt` has "a"."""
    pattern = rf"(?<![^\W_]){re.escape(word)}(?![^\W_])"
    return re.search(pattern, posixpath.basename(path.rstrip("/")), re.I) is not None
