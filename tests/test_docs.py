"""The pages of the documentation do what they say."""

from __future__ import annotations

from pathlib import Path

import pytest

from walkthrough import ROOT, steps, walk

PAGES = [page for page in sorted((ROOT / "docs").glob("*.md")) if steps(page)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_pages_commands_print_what_it_shows(page: Path, tmp_path: Path) -> None:
    walk(page, tmp_path)
