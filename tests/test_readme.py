"""README's Python runs as it stands there and prints what it says."""

import re
import subprocess
import sys
from pathlib import Path

README = (Path(__file__).resolve().parent.parent / "README.md").read_text(encoding="utf-8")
PROGRAMS = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)


def test_python(tmp_path: Path) -> None:
    assert len(PROGRAMS) == 3
    for program in PROGRAMS:  # in one directory: the last loads what the first saves
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True
        )
        assert done.stderr == ""
        assert done.stdout.splitlines() == re.findall(r"^print.*  # (.*)$", program, re.MULTILINE)


def test_links_lead_to_files() -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", README)
    assert links
    assert [
        link for link in links if not Path(__file__).parent.parent.joinpath(link).exists()
    ] == []
