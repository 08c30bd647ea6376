"""What a sender is told to send."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from .. import masking


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class Message:
    """A code on its way.  ``repr`` shows neither the code nor the whole phone.

    :param phone: mainland mobile number, eleven digits, without country code.
    :param service: the service that asks, ``traffic``.
    :param purpose: what the service wants it for; its own word.
    :param code: six digits.
    :param expires_at: the instant from which the code is no good, aware, UTC.
    """

    phone: str
    service: str
    purpose: str
    code: str
    expires_at: datetime

    def __repr__(self) -> str:
        return f"<Message {self.service} {self.purpose} to {masking.phone(self.phone)}>"


class Sender(Protocol):
    """Brings codes to phones.  One object serves all threads of an application."""

    def send(self, message: Message) -> None:
        """Hand *message* to the provider, and come back once it is accepted.  It is called outside any transaction.

        :raises UpstreamRefused: the provider says no, and sends nothing.  The message is shown to the user.
        :raises UpstreamSilent: it cannot be known whether it was sent.  Any other exception is taken as this.
        """
