"""Render Jinja2 templates from files."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

__all__ = ["render_template"]


def render_template(folder: Path, name: str, **values: Any) -> str:
    """Render a template.

    In templates whose names end in ``.html``, every value is escaped. A line with only a statement
    adds no line to the result.

    Parameters
    ----------
    folder : Path
        The folder of the template and of the templates that it includes.
    name : str
        The template's file name.
    **values
        The variables of the template: text, numbers, lists and dicts.

    Raises
    ------
    jinja2.UndefinedError
        If the template uses a variable that is not given.
    jinja2.TemplateNotFound
        If the file does not exist.
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
