"""The commands that are found in a makefile."""

import pytest

from shellper.safety.makefile import commands


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("all:\n\techo a\n\t@rm b\n", ["echo a", "rm b"]),
        ("all: dep ; touch x\n", ["touch x"]),
        ("D = /x\nall:\n\trm $(D) ${D}\n", ["rm /x /x"]),
        ("A = $(B)\nB = y\nall:\n\techo $(A) $@ $<\n", ["echo y target target"]),
        ("all:\n\techo $$HOME $(HOME)\n", ["echo $HOME $HOME"]),
        ("all:\n\techo a \\\n\t  b\n", ["echo a    b"]),
        ("x := $(shell ls -a)\n", ["ls -a"]),
        ("x != ls\n", ["ls"]),
        ("# all:\nx = a:b\n", []),
        ("A = $(A)\nall:\n\techo $(A)\n", ["echo $(A)"]),
    ],
)
def test_commands(text: str, found: list[str]) -> None:
    assert commands(text) == found
