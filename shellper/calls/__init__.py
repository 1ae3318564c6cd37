"""Tool calls: the catalogue they are checked against, and the shell commands they become."""

from shellper.calls.call import Argument, CallError, ToolCall
from shellper.calls.catalogue import Catalogue, Parameter, Step, Tool, load_catalogue
from shellper.calls.disk import Disk, LocalDisk
from shellper.calls.explain import explain
from shellper.calls.forms import FORMS, Form
from shellper.calls.render import RenderedCommand, render, render_command

__all__ = [
    "FORMS",
    "Argument",
    "CallError",
    "Catalogue",
    "Disk",
    "Form",
    "LocalDisk",
    "Parameter",
    "RenderedCommand",
    "Step",
    "Tool",
    "ToolCall",
    "explain",
    "load_catalogue",
    "render",
    "render_command",
]
