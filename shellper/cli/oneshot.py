"""The one-shot: one request, taken to its end."""

from __future__ import annotations

from shellper.cli.arguments import Options
from shellper.cli.models import OpenEngine
from shellper.cli.opening import opened
from shellper.cli.piped import read_piped
from shellper.cli.show import Screen
from shellper.cli.turns import take_turn
from shellper.cli.warm import warm_up


def one_shot(options: Options, screen: Screen, open_engine: OpenEngine) -> int:
    """Take the request to its end and return the exit code; raises what `opened` and `take_turn` raise."""
    attachment = read_piped(screen)
    with opened(options, screen, open_engine) as everything:
        session = everything.session(options.resume)
        warm_up(session.folder, screen.colour)
        return take_turn(session, everything, options.request, attachment)
