"""Pictures of the app as small SVG files: the same screen always gives the same text."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from rich.cells import cell_len
from rich.color import Color
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from rich.terminal_theme import MONOKAI

from shellper.tui.app import ShellperApp

WIDTH, HEIGHT, BASELINE, SIZE, MARGIN = 8.4, 18, 13, 14, 10
"""Of a cell, of a line, of the letters' foot in it, of a letter, and around it all; in pixels."""

_DEFAULT_FOREGROUND, _DEFAULT_BACKGROUND = "#d9d9d9", "#0c0c0c"
_DIM = 0.6
_BLOCKS = {"▌": (0, 0, 0.5, 1), "█": (0, 0, 1, 1)} | {
    chr(0x2580 + eighths): (0, 1 - eighths / 8, 1, eighths / 8) for eighths in range(1, 8)
}
"""Characters that fill a part of their cell, as shares of it: left, top, width, height. As letters they leave gaps."""


@dataclass(frozen=True)
class Run:
    """A text in one style, from a column on; colours are `#rrggbb`."""

    column: int
    text: str
    foreground: str
    background: str
    bold: bool
    italic: bool
    underline: bool

    @property
    def cells(self) -> int:
        return cell_len(self.text)


def screen_lines(app: ShellperApp) -> list[list[Run]]:
    """Return what stands on the screen, line by line."""
    update = app.screen._compositor.render_update(full=True, screen_stack=app._background_screens)
    assert update is not None
    width, height = app.size
    console = Console(width=width, height=height, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    lines = Segment.split_lines(segment for segment in console.render(update) if not segment.control)
    return [list(_runs(line)) for line in lines]


def _runs(line: list[Segment]) -> Iterator[Run]:
    column = 0
    last: Run | None = None
    for text, style, _ in line:
        run = _run(column, text, style or Style.null())
        column += run.cells
        if last is not None and _same(last, run):
            last = Run(last.column, last.text + run.text, *_style(run))
            continue
        if last is not None:
            yield last
        last = run
    if last is not None:
        yield last


def _style(run: Run) -> tuple[str, str, bool, bool, bool]:
    return run.foreground, run.background, run.bold, run.italic, run.underline


def _same(one: Run, other: Run) -> bool:
    return _style(one) == _style(other)


def _run(column: int, text: str, style: Style) -> Run:
    foreground = _hex(style.color, _DEFAULT_FOREGROUND, True)
    background = _hex(style.bgcolor, _DEFAULT_BACKGROUND, False)
    if style.dim:
        foreground = _mixed(foreground, background)
    if style.reverse:
        foreground, background = background, foreground
    flags = bool(style.bold), bool(style.italic), bool(style.underline)
    return Run(column, text.replace("\u00a0", " "), foreground, background, *flags)


def _hex(colour: Color | None, default: str, foreground: bool) -> str:
    if colour is None or colour.is_default:
        return default
    return colour.get_truecolor(MONOKAI, foreground).hex


def _mixed(one: str, other: str) -> str:
    pairs = ((int(one[at : at + 2], 16), int(other[at : at + 2], 16)) for at in (1, 3, 5))
    return "#" + "".join(f"{round(a * _DIM + b * (1 - _DIM)):02x}" for a, b in pairs)


def svg(app: ShellperApp) -> str:
    """Return the screen as an SVG document."""
    lines = screen_lines(app)
    width, height = app.size
    ground = lines[min(1, len(lines) - 1)][-1].background
    whole = f'width="{_number(width * WIDTH + 2 * MARGIN)}" height="{height * HEIGHT + 2 * MARGIN}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {whole}'
        f' font-family="ui-monospace, Menlo, Consolas, DejaVu Sans Mono, monospace" font-size="{SIZE}">',
        f'<rect width="100%" height="100%" rx="6" fill="{ground}"/>',
    ]
    for row, line in enumerate(lines):
        parts += _backgrounds(row, line, ground)
        parts += [_text(row, run) for run in line if run.text.strip()]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _backgrounds(row: int, line: list[Run], ground: str) -> Iterator[str]:
    at = 0
    while at < len(line):
        first, cells = line[at], 0
        while at < len(line) and line[at].background == first.background:
            cells += line[at].cells
            at += 1
        if first.background != ground:
            x, width = _number(MARGIN + first.column * WIDTH), _number(cells * WIDTH)
            y = MARGIN + row * HEIGHT
            yield f'<rect x="{x}" y="{y}" width="{width}" height="{HEIGHT}" fill="{first.background}"/>'


def _text(row: int, run: Run) -> str:
    text = run.text.strip(" ")
    column = run.column + len(run.text) - len(run.text.lstrip(" "))
    if text in _BLOCKS:
        return _block(row, column, _BLOCKS[text], run.foreground)
    x = _number(MARGIN + column * WIDTH)
    y, length = MARGIN + row * HEIGHT + BASELINE, _number(cell_len(text) * WIDTH)
    more = ' font-weight="bold"' * run.bold + ' font-style="italic"' * run.italic
    more += ' text-decoration="underline"' * run.underline
    return (
        f'<text xml:space="preserve" x="{x}" y="{y}" textLength="{length}" lengthAdjust="spacingAndGlyphs"'
        f' fill="{run.foreground}"{more}>{escape(text, quote=False)}</text>'
    )


def _block(row: int, column: int, block: tuple[float, float, float, float], colour: str) -> str:
    left, top, width, height = block
    x, y = _number(MARGIN + (column + left) * WIDTH), _number(MARGIN + (row + top) * HEIGHT)
    size = f'width="{_number(width * WIDTH)}" height="{_number(height * HEIGHT)}"'
    return f'<rect x="{x}" y="{y}" {size} fill="{colour}"/>'


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
