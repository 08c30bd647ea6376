"""Charging piles, whatever they speak: what they are told (:class:`Driver`), what they tell (the events).

A driver hands a command over and does not wait: the answer is an event, which may reach another process.  Events go to
whoever is mounted and wants them (``Service.piles``).
"""

from .driver import Driver, current_driver, tell
from .events import Alarm, Event, Finished, PlugStatus, Progress, Refused, Started, Status, Swiped

__all__ = [
    "Alarm",
    "Driver",
    "Event",
    "Finished",
    "PlugStatus",
    "Progress",
    "Refused",
    "Started",
    "Status",
    "Swiped",
    "current_driver",
    "tell",
]
