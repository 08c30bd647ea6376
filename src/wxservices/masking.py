"""Personal data as it may stand in a log."""

from __future__ import annotations

import re

_identity_number = re.compile(
    r"(?<![0-9])[1-9][0-9]{5}(?:18|19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9Xx](?![0-9])"
)
_mobile = re.compile(r"(?<![0-9])((?:(?:00)?86[ -]?)?)(1[3-9][0-9][ -]?[0-9]{4}[ -]?[0-9]{4})(?![0-9])")


def phone(number: str) -> str:
    """*number* with its middle hidden: ``138****8000``; all of it, if it is too short to have a middle."""
    return f"{number[:3]}****{number[-4:]}" if len(number) >= 11 else "****"


def identity_number(number: str) -> str:
    """*number* with birth date and sequence hidden: ``110*************2X``; all of it, if it is too short."""
    return f"{number[:3]}{'*' * 13}{number[-2:]}" if len(number) >= 18 else "****"


def text(line: str) -> str:
    """*line* with each mobile and each identity number in it masked.  Longer runs of digits are other numbers."""
    line = _identity_number.sub(lambda match: identity_number(match[0]), line)
    return _mobile.sub(lambda match: match[1] + phone(match[2]), line)
