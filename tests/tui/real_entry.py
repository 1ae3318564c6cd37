"""The program as it is, but that a key decides at once: `python -m tests.tui.real_entry ARGUMENTS`."""

from __future__ import annotations

import sys

from shellper.cli.main import main
from tests.tui.entry import converse_at_once
from tests.tui.stacks import tell_stacks

if __name__ == "__main__":
    tell_stacks()
    sys.exit(main(conversation=converse_at_once))
