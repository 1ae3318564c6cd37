"""The header: where the session is, on which git branch, with which model, behind which walls."""

from __future__ import annotations

from pathlib import Path

from rich.cells import cell_len
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from shellper.frontend.text import home_short, visible


class Header(Widget):
    """One line; what doesn't fit is left out, the folder last."""

    folder: reactive[Path] = reactive(Path())
    branch: reactive[str] = reactive("")
    model: reactive[str] = reactive("")
    level: reactive[str] = reactive("")

    def __init__(self, home: Path) -> None:
        super().__init__()
        self._home = home

    def watch_folder(self, folder: Path) -> None:
        """Find the branch."""
        self.branch = branch_of(folder)

    def render(self) -> Content:
        """Draw what fits."""
        width = self.size.width
        name = visible(home_short(self.folder, self._home))
        left: list[tuple[str, str]] = [(name, "bold")]
        right: list[tuple[str, str]] = []
        used = cell_len(name)
        if used > width:
            return Content.styled("…" + name[len(name) - width + 1 :], "bold")
        level_style = {"full": "$text-success", "limited": "$text-warning", "none": "$text-error"}.get(self.level, "")
        for text, style, side in (
            (f"  {visible(self.branch)}" if self.branch else "", "$text-accent", left),
            (f"sandbox {self.level}" if self.level else "", level_style, right),
            (f"{visible(self.model)} · " if self.model else "", "$text-muted", right),
        ):
            if text and used + cell_len(text) + 2 <= width:
                used += cell_len(text)
                side.append((text, style))
        return Content.assemble(*left, " " * (width - used), *reversed(right))


def branch_of(folder: Path) -> str:
    """Return the name of the git branch that a folder is on, or the beginning of the commit; empty for none.

    `.git` is a folder, or a file that names one (gitrepository-layout(5)); HEAD in it names the branch.
    """
    for place in (folder, *folder.parents):
        git = place / ".git"
        try:
            if git.is_file():
                git = place / git.read_text(encoding="utf-8", errors="replace").removeprefix("gitdir:").strip()
            head = (git / "HEAD").read_text(encoding="utf-8", errors="replace")[:300].strip()
        except (OSError, ValueError):
            continue
        return head.removeprefix("ref: refs/heads/") if head.startswith("ref: ") else head[:8]
    return ""
