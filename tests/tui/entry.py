"""The program with the scripted engine of tests.cli.entry, and with the app: `python -m tests.tui.entry ARGUMENTS`.

A key decides at once, however soon after the question it comes, so that no test has to wait for a time.
"""

from __future__ import annotations

import sys

from shellper.__main__ import converse
from shellper.cli.arguments import Options
from shellper.cli.main import main
from shellper.cli.models import OpenEngine
from shellper.cli.show import Screen
from tests.cli.entry import open_scripted
from tests.tui.stacks import tell_stacks


def converse_at_once(options: Options, screen: Screen, open_engine: OpenEngine) -> int:
    """Hold a conversation in the app."""
    from shellper.tui.screens import turns

    turns.KEY_GUARD = 0.0
    return converse(options, screen, open_engine)


if __name__ == "__main__":
    tell_stacks()
    sys.exit(main(open_engine=open_scripted, conversation=converse_at_once))
