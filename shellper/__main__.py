"""The program: `shellper` and `python -m shellper`."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line and return the exit code."""
    try:
        from shellper.cli.main import main as run

        return run()
    except KeyboardInterrupt:  # while the modules are loaded
        return 130


if __name__ == "__main__":
    sys.exit(main())
