"""Templates: escaped values and errors."""

from pathlib import Path

import pytest
from jinja2 import TemplateNotFound, UndefinedError

from metaplast.tools.templates import render_template


@pytest.mark.parametrize(
    ("name", "shown"), [("page.html", "&lt;b&gt; &amp; &#34;c&#34;"), ("page.md", '<b> & "c"')]
)
def test_values_are_escaped_in_html_only(tmp_path: Path, name: str, shown: str) -> None:
    (tmp_path / name).write_text("<p>{{ text }}</p>\n")
    assert render_template(tmp_path, name, text='<b> & "c"') == f"<p>{shown}</p>\n"


def test_a_line_with_a_statement_only_leaves_no_line(tmp_path: Path) -> None:
    (tmp_path / "list.md").write_text("{% for one in all %}\n- {{ one }}\n{% endfor %}\nend\n")
    assert render_template(tmp_path, "list.md", all=[1, 2]) == "- 1\n- 2\nend\n"


@pytest.mark.parametrize(
    "text", ["{{ absent }}", "{{ given.absent }}", "{% if absent %}{% endif %}"]
)
def test_a_value_that_is_not_given_is_an_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "page.md").write_text(text)
    with pytest.raises(UndefinedError, match="absent"):
        render_template(tmp_path, "page.md", given={})


def test_a_missing_template(tmp_path: Path) -> None:
    with pytest.raises(TemplateNotFound, match=r"page\.md"):
        render_template(tmp_path, "page.md")
