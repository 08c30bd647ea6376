"""The one interface to piles, and which driver an application has: the host's own, ``mqtt`` or ``simulated``."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol, cast

from ..errors import ConfigurationError
from ..state import current_state
from .events import Event


class Driver(Protocol):
    """How piles are told.  Each command may reach its pile twice; a pile takes it once (by order and action)."""

    def start(
        self,
        *,
        device_no: str,
        plug_no: str,
        order_no: str,
        seconds: int | None,
        energy: int | None,
        expires_at: datetime,
    ) -> None:
        """Start charging, for at most so many seconds and 0.01 kWh; no more after *expires_at*.  ``Started`` or
        ``Refused`` is the answer.

        :raises UpstreamSilent: it can't be told now.
        """

    def stop(self, *, device_no: str, plug_no: str, order_no: str) -> None:
        """Stop that order's charging.  ``Finished`` is the answer.

        :raises UpstreamSilent: it can't be told now.
        """

    def query(self, *, device_no: str) -> None:
        """Let it tell its status, and that of its plugs.

        :raises UpstreamSilent: it can't be told now.
        """


def current_driver() -> Driver:
    """This application's driver, made at first use."""
    state = current_state()
    hooked = state.hooks.get("pile_driver")
    if hooked is not None:
        return cast(Driver, hooked)
    driver = state.parts.get("pile driver")
    if driver is None:
        driver = state.parts.setdefault("pile driver", _make(state.settings.charging_gateway))
    return cast(Driver, driver)


def _make(name: str) -> Driver:
    if name == "simulated":
        from .simulated import SimulatedDriver

        return SimulatedDriver()
    if name == "mqtt":
        from .mqtt import MqttDriver

        return MqttDriver()
    raise ConfigurationError("WXSERVICES_CHARGING_GATEWAY is not set, and no pile_driver was given to WxServices.")


def tell(event: Event) -> None:
    """Hand *event* to the mounted services that listen to piles.  What one raises is the caller's to handle."""
    for service in current_state().mounted.values():
        if service.piles is not None:
            service.piles(event)
