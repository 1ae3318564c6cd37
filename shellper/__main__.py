"""The program: `shellper` and `python -m shellper`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shellper.cli.arguments import Options
    from shellper.cli.models import OpenEngine
    from shellper.cli.show import Screen


def main() -> int:
    """Run the command line and return the exit code."""
    try:
        from shellper.cli.main import main as run

        return run(conversation=converse)
    except KeyboardInterrupt:  # while the modules are loaded
        return 130


def converse(options: Options, screen: Screen, open_engine: OpenEngine) -> int:
    """Hold a conversation in the app; raises what `opened` raises, before the app has the terminal."""
    from shellper.cli.models import weights_path
    from shellper.cli.opening import opened
    from shellper.cli.transcript import transcript_record
    from shellper.config import paths

    with opened(options, screen, open_engine) as everything:
        from shellper.tui.app import run
        from shellper.tui.start import Start

        return run(
            Start(
                settings=everything.settings,
                first=everything.session(options.resume),
                session=lambda conversation: everything.session(conversation=conversation),
                store=everything.store,
                state=paths().state,
                model=weights_path(everything.settings),
                context_tokens=lambda: everything.engine.context_tokens,
                as_data=transcript_record,
            )
        )


if __name__ == "__main__":
    sys.exit(main())
