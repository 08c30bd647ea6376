"""wxservices: Flask blueprints that serve WeChat users."""

from .extension import WxServices
from .migration import include_object

__all__ = ["WxServices", "include_object"]
