"""The folder as a tree: follows the session, marks what the last command changed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from rich.style import Style
from rich.text import Text
from textual.widgets import DirectoryTree
from textual.widgets.directory_tree import DirEntry
from textual.widgets.tree import TreeNode

from shellper.frontend.text import visible


class FolderTree(DirectoryTree):
    """Files and folders, without pictures; hidden ones are left out."""

    ICON_NODE_EXPANDED = "▾ "
    ICON_NODE = "▸ "
    ICON_FILE = "  "

    changed: frozenset[Path] = frozenset()

    def on_mount(self) -> None:
        """Draw no lines, only steps."""
        self.show_guides = False
        self.guide_depth = 2

    def filter_paths(self, paths: Iterable[Path]) -> Iterable[Path]:
        """Leave hidden names out."""
        return [path for path in paths if not path.name.startswith(".")]

    def mark(self, changed: Iterable[Path]) -> None:
        """Mark the paths that were changed, and read the folder anew."""
        self.changed = frozenset(changed)
        self.reload()

    def follow(self, folder: Path) -> None:
        """Show another folder, or the same one as it is now."""
        if self.path != folder:
            self.path = folder
        else:
            self.reload()

    def render_label(self, node: TreeNode[DirEntry], base_style: Style, style: Style) -> Text:
        """Draw a name, marked where it was changed."""
        label = super().render_label(node, base_style, style)
        label.plain = visible(label.plain)
        if node.data is not None and node.data.path in self.changed:
            label.stylize("bold")
            label.append(" *", "bold")
        return label
