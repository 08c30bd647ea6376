"""``reconcile``: what a crash, a lost notification or WeChat's silence left open is gone on with."""

from __future__ import annotations

from collections import Counter
from typing import BinaryIO

import click
from flask.cli import with_appcontext

from ..errors import BadParameter
from ..payments import bill as bills
from ..payments import reconciling
from .progress import progress

SOME = 20
"""So many questions to WeChat are worth a progress bar."""


@click.command()
@click.option("--due", is_flag=True, help="Only what is to be looked at again by now (for cron).")
@click.option("--bill", type=click.File("rb"), help="Then compare with a day's bill of WeChat Pay (CSV, ALL).")
@with_appcontext
def reconcile(due: bool, bill: BinaryIO | None) -> None:
    """Find lost payments, close expired ones, bring refunds to their end.

    Can be repeated, and run in parallel.  Exits with 1 when something is left open that needs another try or a person;
    an order that can still be paid is not.
    """
    text = _text(bill) if bill else None
    counts: Counter[str] = Counter()
    for step in reconciling.of_services():
        counts["left open" if step.left_open else "settled"] += 1
        click.echo(f"{step.kind} {step.number}: {step.outcome}")
    for kind in ("payment", "refund"):
        numbers = reconciling.pending(kind, due_only=due)
        lines = []
        with progress(f"{kind}s", len(numbers), SOME) as done:
            for number in numbers:
                step = reconciling.step(kind, number)
                counts["left open" if step.left_open else "waiting" if step.outcome == "waiting" else "settled"] += 1
                if step.outcome != "waiting":
                    lines.append(f"{kind} {number}: {step.outcome}")
                done(1)
        click.echo("\n".join(lines), nl=bool(lines))
    differences = list(bills.differences(text)) if text is not None else []
    for line in differences:
        click.echo(f"bill: {line}")
    click.echo(f"{counts['settled']} settled, {counts['waiting']} waiting, {counts['left open']} left open.")
    if counts["left open"] or differences:
        raise click.exceptions.Exit(1)


def _text(bill: BinaryIO) -> str:
    try:
        return bill.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadParameter("bill", "is not UTF-8") from None
