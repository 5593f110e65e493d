"""Reports made readable: one pure function a format, each in a module that only its own format loads."""

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from validation.report import Report

FORMATS = ("text", "json", "markdown", "github", "sarif", "html")


def render(form: str, reports: "Sequence[Report]") -> str:
    """Return the reports in one of ``FORMATS``, ending in a line feed."""
    function: Callable[[Sequence[Report]], str] = import_module(f"{__name__}.{form}").render
    return function(reports)
