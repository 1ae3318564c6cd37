"""The themes: dark, light, and the terminal's own colours."""

from __future__ import annotations

from textual.theme import BUILTIN_THEMES, Theme

THEMES = {"dark": "shellper-dark", "light": "shellper-light", "terminal": "shellper-terminal"}
"""The names that users know, and Textual's names for them."""

OURS = (
    Theme(
        name="shellper-dark",
        primary="#6ea8dc",
        secondary="#8f9bb3",
        accent="#7fc7c4",
        success="#8cc27a",
        warning="#e0b35c",
        error="#e57b7b",
        foreground="#d7dae0",
        background="#15171c",
        surface="#1b1e25",
        panel="#232833",
        dark=True,
        variables={"text-muted": "#8b93a1", "text-disabled": "#666e7c"},
    ),
    Theme(
        name="shellper-light",
        primary="#1f5fa8",
        secondary="#5b6475",
        accent="#0f7572",
        success="#2d7a34",
        warning="#8f6100",
        error="#b3322f",
        foreground="#22262e",
        background="#fbfbf9",
        surface="#f2f2ee",
        panel="#e6e6e1",
        dark=False,
        variables={"text-muted": "#646b76", "text-disabled": "#8a909a"},
    ),
    Theme(
        name="shellper-terminal",
        ansi=True,
        primary="ansi_blue",
        secondary="ansi_cyan",
        accent="ansi_cyan",
        success="ansi_green",
        warning="ansi_yellow",
        error="ansi_red",
        foreground="ansi_default",
        background="ansi_default",
        surface="ansi_default",
        panel="ansi_default",
        boost="ansi_default",
        dark=True,
        variables={
            **BUILTIN_THEMES["ansi-dark"].variables,
            "text-muted": "ansi_bright_black",
            "text-disabled": "ansi_bright_black",
            "text-primary": "ansi_blue",
            "text-accent": "ansi_cyan",
            "text-success": "ansi_green",
            "text-warning": "ansi_yellow",
            "text-error": "ansi_red",
            "input-cursor-text-style": "reverse",
        },
    ),
)
