"""README and docs/: Python blocks run and print what they say, excerpts and links are right."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted(
    page.relative_to(ROOT).as_posix() for page in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"))
)
MAX_README_LINES = 150


def text(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def blocks(page: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", text(page), flags=re.DOTALL)


def links(page: str) -> list[tuple[str, str]]:
    """The links within the project: file and heading, either may be empty."""
    return re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)", text(page))


def anchors(page: Path) -> set[str]:
    """The links to a page's headings, as GitHub makes them."""
    content = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    headings = re.findall(r"^#+ (.*)$", content, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings}


def test_readme_is_short() -> None:
    assert len(text("README.md").splitlines()) <= MAX_README_LINES


@pytest.mark.parametrize(("page", "count"), [("README.md", 1), ("docs/models.md", 2)])
def test_python_runs_and_prints_what_is_said(page: str, count: int, tmp_path: Path) -> None:
    programs = blocks(page)
    assert len(programs) == count
    for program in programs:
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True
        )
        assert done.stderr == ""
        assert done.stdout.splitlines() == re.findall(r"^print.*  # (.*)$", program, re.MULTILINE)


def test_excerpts_are_in_the_files_that_they_name() -> None:
    excerpts = blocks("docs/development.md")
    assert excerpts
    for excerpt in excerpts:  # a comment with the file's name, then lines of it
        head, _, code = excerpt.partition("\n")
        content = text(head.removeprefix("# "))
        for part in code.split("…\n"):
            assert part in content, f"{head} has other lines now than docs/development.md"


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_to_files_and_headings(page: str) -> None:
    for file, heading in links(page):
        target = (ROOT / page).parent / file if file else ROOT / page
        assert target.exists(), f"{page} links to {file}, which does not exist"
        if heading:
            assert heading in anchors(target), f"{page}: {file} has no heading #{heading}"


def test_links_and_anchors_are_found() -> None:
    assert ("docs/algorithm.md", "") in links("README.md")
    assert ("", "tests") in links("docs/development.md")
    assert ("algorithm.md", "7-encoding-a-sample") in links("docs/data.md")
    assert "ports-and-registers" in anchors(ROOT / "docs/gateware.md")
    assert {"docs/glossary.md", "README.md", "CONTRIBUTING.md"} <= set(PAGES)
