"""A progress bar for what takes its time."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

MUCH = 500
"""So many things are worth a bar."""


@contextmanager
def progress(label: str, total: int, much: int = MUCH) -> Iterator[Callable[[int], object]]:
    """A bar on the terminal when there is *much* to do.  Yields what to call with the number of things done."""
    if total < much or not sys.stderr.isatty():
        yield lambda count: None
        return
    with click.progressbar(length=total, label=label, file=sys.stderr) as bar:
        yield bar.update
