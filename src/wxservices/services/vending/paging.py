"""Which rows of a list are answered."""

from __future__ import annotations

from ...state import current_state


def window(page_no: int | None, page_size: int | None) -> dict[str, int]:
    """``rows`` and ``skipped`` of a list for which the document has no paging: the newest, or the page asked for."""
    rows = page_size or current_state().settings.vending_rows
    return {"rows": rows, "skipped": rows * ((page_no or 1) - 1)}


def page(page_no: int, page_size: int) -> dict[str, int]:
    """``rows`` and ``skipped`` of a page."""
    return {"rows": page_size, "skipped": page_size * (page_no - 1)}
