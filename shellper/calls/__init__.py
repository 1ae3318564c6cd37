"""Tool calls: the catalogue they are checked against, and the shell commands they become."""

from shellper.calls.call import Argument, CallError, ToolCall
from shellper.calls.catalogue import Catalogue, Parameter, Step, Tool, load_catalogue
from shellper.calls.explain import explain
from shellper.calls.render import RenderedCommand, render, render_command

__all__ = [
    "Argument",
    "CallError",
    "Catalogue",
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
