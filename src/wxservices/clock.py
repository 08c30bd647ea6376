"""The time, and the business day: the one place that asks the system clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from .state import current_state


def now() -> datetime:
    """This instant, in UTC, aware, to the microsecond."""
    return datetime.now(UTC)


def local(instant: datetime | None = None) -> datetime:
    """*instant* (default: now) on the clock of ``WXSERVICES_TIMEZONE``, aware."""
    return (instant or now()).astimezone(current_state().settings.timezone)


def today() -> date:
    """The business day it is now in ``WXSERVICES_TIMEZONE``."""
    return local().date()


def local_midnight(day: date) -> datetime:
    """The instant at which business day *day* begins, aware, in the business zone."""
    return datetime(day.year, day.month, day.day, tzinfo=current_state().settings.timezone)


def end_of(day: date) -> datetime:
    """The instant at which business day *day* is over, in UTC."""
    return local_midnight(day + timedelta(days=1)).astimezone(UTC)
