"""What the library keeps for one application, in ``app.extensions["wxservices"]``.

Nothing is kept anywhere else: not on modules, not on blueprints.  Two applications in one process never meet.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flask import Flask, current_app

from .errors import ConfigurationError
from .settings import Settings

if TYPE_CHECKING:
    from .service import Service

KEY = "wxservices"

log = logging.getLogger(__name__)


@dataclass
class State:
    """One application's settings, parts and mounted services."""

    mounted: dict[str, Service] = field(default_factory=dict)
    """The services whose blueprints are registered, by name, in the order of registration."""

    parts: dict[str, Any] = field(default_factory=dict)
    """Parts of the outside world made once an application and kept: senders, clients, throttles."""

    hooks: dict[str, Any] = field(default_factory=dict)
    """What the host registered: loaders, checks, objects that replace a driver."""

    _settings: Settings | None = None
    _db: Any = None

    @property
    def ready(self) -> bool:
        """Whether ``WxServices(app)`` has been called."""
        return self._settings is not None

    @property
    def settings(self) -> Settings:
        if self._settings is None:
            raise ConfigurationError(
                "A wxservices blueprint is registered, but the extension is not: call WxServices(app)."
            )
        return self._settings

    @property
    def db(self) -> Any:
        """The Flask-SQLAlchemy object in use (the host's, or ours); it has ``session`` and ``engine``."""
        if self._db is None:
            raise ConfigurationError("wxservices has no data base: call WxServices(app) or WxServices(app, db=db).")
        return self._db

    def mount(self, service: Service) -> None:
        """Note that the blueprint of *service* is registered."""
        self.mounted[service.name] = service
        if self.ready:
            self._report(service)

    def start(self, settings: Settings, db: Any, hooks: dict[str, Any]) -> None:
        """Note that the extension is set up."""
        self._settings, self._db, self.hooks = settings, db, hooks
        for service in self.mounted.values():
            self._report(service)

    def lacks(self, service: Service) -> list[str]:
        """Names of the settings without which *service* cannot work, and that nothing stands in for."""
        return self.settings.lacks(service.name, self.hooks)

    def _report(self, service: Service) -> None:
        for name in self.lacks(service):
            log.error("%s cannot start: %s is not set. The other services are not held back.", service.name, name)


def state_of(app: Flask) -> State:
    """The state of *app*, made at first sight (a blueprint may be registered before the extension)."""
    state = app.extensions.get(KEY)
    if state is None:
        state = app.extensions[KEY] = State()
    return state


def current_state() -> State:
    """The state of the application that is being served."""
    return state_of(current_app)
