"""The launcher's start: `python -I -S launcher.py FD`; what it does stands in `keeper`.

The main script is compiled anew at each start, modules are not, so this is as short as it can be.
"""

from __future__ import annotations

import sys


def _start() -> None:
    """Run the keeper without the packages' own `__init__`s, which import what a launcher doesn't need."""
    here = __file__.rpartition("/")[0]
    for name, folder in (("shellper", here.rpartition("/")[0]), ("shellper.sandbox", here)):
        package = type(sys)(name)
        package.__path__ = [folder]
        sys.modules[name] = package
    from shellper.sandbox.keeper import main

    main()


if __name__ == "__main__":
    _start()
