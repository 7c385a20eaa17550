"""Render Jinja2 templates that stand as files beside the code."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

__all__ = ["render_template"]


def render_template(folder: Path, name: str, **values: Any) -> str:
    """Fill in a template.

    In templates whose names end in ``.html``, every value is escaped. A line that holds only a
    statement leaves no line in the result.

    Parameters
    ----------
    folder : Path
        The folder of the template and of those that it includes.
    name : str
        The template's file name.
    **values
        The values that the template names; plain ones, such as text, numbers, lists and dicts.

    Raises
    ------
    jinja2.UndefinedError
        If the template names a value that is not given.
    jinja2.TemplateNotFound
        If there is no such file.
    """
    environment = Environment(
        loader=FileSystemLoader(folder),
        undefined=StrictUndefined,
        autoescape=select_autoescape(["html"]),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(name).render(values)
