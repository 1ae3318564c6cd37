"""Ending the processes of a run that nobody keeps any more."""

import contextlib
import os
import time

from shellper.sandbox.environment import RUN_MARK

_PATIENCE = 6.0  # seconds for killed processes to be gone


def end_strays(mark: str, session: int) -> None:
    """Kill the processes of a run that its launcher did not end, found by their mark or their session.

    Needed where there is no subreaper (macOS), and when the command has killed its launcher. A daemon that has left
    its session and has cleaned its environment is not found.
    """
    import psutil  # here, because it costs 20 ms and is hardly ever needed

    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        found = 0
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, OSError):
                ours = os.getsid(process.pid) == session or process.environ().get(RUN_MARK) == mark
                if ours and process.pid != os.getpid() and process.status() != psutil.STATUS_ZOMBIE:
                    process.kill()
                    found += 1
        if not found:
            return
        time.sleep(0.005)
