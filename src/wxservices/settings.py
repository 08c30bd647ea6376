"""The settings of the library: one table, read once from ``app.config`` at ``init_app``.

Each field of :class:`Settings` is the setting ``WXSERVICES_<FIELD IN UPPER CASE>``.  The declaration
carries the default, the meaning and, for a credential, which service cannot start without it; the
checks here and the table in the documentation are both made from it.
"""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any
from zoneinfo import ZoneInfo

from .errors import ConfigurationError

PREFIX = "WXSERVICES_"

Network = IPv4Network | IPv6Network


def _text(value: object) -> str:
    # ``from_prefixed_env`` turns a secret made of digits into an int; that is undone exactly.
    # A float has already lost what was written, so it is refused.
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError("a string is needed (quote it, if it looks like a number)")
    return str(value)


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false is needed")
    return value


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError("a whole number, 0 or more, is needed")
    return value


def _seconds(value: object) -> timedelta:
    if isinstance(value, timedelta):
        return value
    return timedelta(seconds=_count(value))


def _public_url(value: object) -> str:
    url = _text(value).rstrip("/")
    if not url.startswith(("https://", "http://")) or "?" in url or "#" in url:
        raise ValueError("an http(s) URL without query is needed")
    return url


def _sign_type(value: object) -> str:
    if value not in ("HMAC-SHA256", "MD5"):
        raise ValueError("HMAC-SHA256 or MD5 is needed")
    return str(value)


def _timezone(value: object) -> ZoneInfo:
    try:
        return ZoneInfo(_text(value))
    except (KeyError, OSError, ValueError):
        raise ValueError("an IANA time zone such as Asia/Shanghai is needed") from None


def _networks(value: object) -> tuple[Network, ...]:
    items = value.replace(",", " ").split() if isinstance(value, str) else value
    if not isinstance(items, list | tuple):
        raise ValueError("a list of networks such as 10.0.0.0/8 is needed")
    return tuple(ip_network(_text(item)) for item in items)


def _redis_url(value: object) -> str:
    url = _text(value)
    if not url.startswith(("redis://", "rediss://", "unix://")):
        raise ValueError("a URL such as redis://127.0.0.1:6379/0 is needed")
    return url


def _mqtt_url(value: object) -> str:
    url = _text(value)
    if not url.startswith(("mqtt://", "mqtts://")):
        raise ValueError("a URL such as mqtt://127.0.0.1:1883 is needed")
    return url


def _one_of(*values: str) -> Callable[[object], str]:
    def parse(value: object) -> str:
        if value not in ("", *values):
            raise ValueError(f"{value!r} is none of {', '.join(values)}")
        return str(value)

    return parse


def setting(
    parse: Callable[[object], Any],
    default: object,
    meaning: str,
    *,
    needed_by: tuple[str, ...] = (),
    unless: str = "",
    sandbox: object = None,
    secret: bool = False,
) -> Any:
    """Declare one setting.

    :param parse: turns the configured value into the typed one, or raises ``ValueError``.
    :param needed_by: services (or SMS providers) that cannot work without it outside the sandbox; its default
        is then "not set".
    :param unless: name of what the host may register in its place (see ``WxServices``).
    :param sandbox: what stands in for it in the sandbox when it is not configured.
    :param secret: never shown, not even by ``repr``.
    """
    return dataclasses.field(
        default=parse(default) if default is not None else None,
        repr=not secret,
        metadata={
            "parse": parse,
            "default": default,
            "meaning": meaning,
            "needed_by": needed_by,
            "unless": unless,
            "sandbox": sandbox,
            "secret": secret,
        },
    )


_PAID = ("wxpay", "tickets", "charging")
"""The services that take money through WeChat Pay, and its callbacks."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The values in force for one application.  Durations are ``timedelta``, zones ``ZoneInfo``."""

    sandbox: bool = setting(_flag, False, "Work without any account: local stand-ins answer for WeChat and SMS.")
    timezone: ZoneInfo = setting(_timezone, "Asia/Shanghai", "Zone of business days and clock times.")
    max_body: int = setting(_count, 1024 * 1024, "Largest accepted request body, in bytes.")
    content_security_policy: str = setting(
        _text,
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'",
        "`Content-Security-Policy` of our pages; empty sends none.",
    )

    wechat_appid: str = setting(
        _text,
        None,
        "AppID of the official account whose pages WeChat opens.",
        needed_by=("traffic",),
        unless="openid_loader",
        sandbox="wx0000000000000000",
    )
    wechat_secret: str = setting(
        _text,
        None,
        "Its AppSecret.",
        needed_by=("traffic",),
        unless="openid_loader",
        sandbox="sandbox",
        secret=True,
    )

    sms_sender: str = setting(
        _one_of("tencent", "aliyun", "sandbox"),
        None,
        "`tencent` or `aliyun`; or pass an object of your own: `WxServices(app, sms_sender=…)`.",
        needed_by=("traffic", "tickets", "charging"),
        unless="sms_sender",
        sandbox="sandbox",
    )
    sms_sign_name: str = setting(
        _text, None, "Signature (签名) approved by the provider.", needed_by=("tencent", "aliyun")
    )
    sms_template: str = setting(
        _text,
        None,
        "Template id; its only variable is the code (named `code` at Aliyun).",
        needed_by=("tencent", "aliyun"),
    )
    sms_access_key_id: str = setting(
        _text, None, "SecretId (Tencent) or AccessKeyId (Aliyun).", needed_by=("tencent", "aliyun")
    )
    sms_access_key_secret: str = setting(
        _text, None, "SecretKey or AccessKeySecret.", needed_by=("tencent", "aliyun"), secret=True
    )
    sms_tencent_sdk_app_id: str = setting(
        _text, None, "SdkAppId of the SMS application at Tencent.", needed_by=("tencent",)
    )
    sms_tencent_region: str = setting(_text, "ap-guangzhou", "Region of Tencent's SMS service.")
    sms_timeout: timedelta = setting(_seconds, 10, "Seconds to wait for the provider.")
    sms_code_lifetime: timedelta = setting(_seconds, 300, "Seconds a code is good for.")
    sms_code_tries: int = setting(_count, 5, "Wrong tries that burn a code.")
    sms_per_minute: int = setting(_count, 1, "Codes a minute to one phone for one purpose; 0: none.")
    sms_per_day: int = setting(_count, 10, "Codes in 24 hours to one phone for one purpose.")
    sms_per_hour_address: int = setting(_count, 30, "Codes an hour asked for by one client address.")
    sms_per_day_total: int = setting(_count, 20_000, "Codes in 24 hours in all: the bound of the bill.")

    traffic_days: int = setting(_count, 8, "Days on offer, today included (the document: eight).")
    traffic_checkorder_misses: int = setting(
        _count, 30, "Misses a minute that `checkorder` takes from one client address."
    )
    traffic_kiosk_networks: tuple[Network, ...] = setting(
        _networks, (), "Networks that may call `checkorder`; empty: all."
    )

    vending_session: timedelta = setting(_seconds, 7 * 24 * 3600, "Seconds that a staff member stays logged in.")
    vending_tries_phone: int = setting(_count, 10, "Failed logins an hour for one phone.")
    vending_tries_address: int = setting(_count, 60, "Failed logins an hour from one client address.")
    vending_rows: int = setting(
        _count, 200, "Rows, the newest, in a list for which the document has no paging (orders, records, returns)."
    )

    admin_token: str = setting(
        _text, None, "Bearer token of the admin's calls and WebSockets; unset: closed.", sandbox="sandbox", secret=True
    )
    message_queue: str = setting(
        _redis_url,
        None,
        "Redis (`redis://…`) through which notices reach every process; unset: only the one they come from.",
        secret=True,
    )
    appointment_days: int = setting(_count, 30, "Days on offer, today included.")
    appointment_list_max: int = setting(_count, 10_000, "Most rows of an admin's list, the newest.")
    appointment_ping: timedelta = setting(_seconds, 25, "Seconds between pings to a WebSocket's listener.")

    wxpay_mch_id: str = setting(_text, None, "Merchant number (商户号).", needed_by=_PAID, sandbox="1900000000")
    wxpay_key: str = setting(
        _text,
        None,
        "API v2 key (APIv2密钥) of the merchant.",
        needed_by=_PAID,
        sandbox="sandbox0sandbox0sandbox0sandbox0",
        secret=True,
    )
    wxpay_sign_type: str = setting(_sign_type, "HMAC-SHA256", "How messages are signed: `HMAC-SHA256` or `MD5`.")
    wxpay_notify_url: str = setting(
        _public_url,
        None,
        "Public URL of the mounted blueprint `wxpay`, such as `https://pay.example.com/wxpay`.",
        needed_by=_PAID,
        sandbox="http://127.0.0.1:5000/wxpay",
    )
    wxpay_cert_file: str = setting(
        _text,
        None,
        "File of the merchant's certificate (`apiclient_cert.pem`), for refunds.",
        needed_by=_PAID,
        sandbox="sandbox",
    )
    wxpay_key_file: str = setting(
        _text,
        None,
        "File of its private key (`apiclient_key.pem`).",
        needed_by=_PAID,
        sandbox="sandbox",
    )
    wxpay_expiry: timedelta = setting(_seconds, 1800, "Seconds in which an order can be paid; then it is closed.")

    tickets_appid: str = setting(
        _text, None, "AppID of the ticket agency's mini program.", needed_by=("tickets",), sandbox="wx0000000000000001"
    )
    tickets_secret: str = setting(_text, None, "Its AppSecret.", needed_by=("tickets",), sandbox="sandbox", secret=True)
    tickets_sign_key: str = setting(
        _text,
        None,
        "Key of the `sign` of requests and replies; the document's own is the default in the sandbox only.",
        needed_by=("tickets",),
        sandbox="319ceidcbweifbwi",
        secret=True,
    )
    tickets_login_lifetime: timedelta = setting(_seconds, 7 * 24 * 3600, "Seconds that a `loginKey` is good for.")
    tickets_data_as_string: bool = setting(
        _flag, False, "Send `data` as the JSON text of it, as the document's table says, not as in its examples."
    )

    charging_appid: str = setting(
        _text, None, "AppID of the charging mini program.", needed_by=("charging",), sandbox="wx0000000000000002"
    )
    charging_secret: str = setting(
        _text, None, "Its AppSecret.", needed_by=("charging",), sandbox="sandbox", secret=True
    )
    charging_gateway: str = setting(
        _one_of("simulated", "mqtt"),
        None,
        "How piles are reached: `mqtt` or `simulated`; or pass a driver of your own: `WxServices(app, pile_driver=…)`.",
        needed_by=("charging",),
        unless="pile_driver",
        sandbox="simulated",
    )
    charging_session: timedelta = setting(_seconds, 7 * 24 * 3600, "Seconds that a rider stays logged in.")
    charging_reservation: timedelta = setting(_seconds, 180, "Seconds that a number holds its plug.")
    charging_start_timeout: timedelta = setting(_seconds, 10, "Seconds that a pile has to answer a start.")
    charging_max_fen: int = setting(_count, 100_000, "Most that one payment may be, in fen.")
    charging_heartbeat: timedelta = setting(
        _seconds, 180, "Seconds without a sign of life after which a pile is offline (MQTT)."
    )
    charging_grace: timedelta = setting(
        _seconds, 7200, "Seconds that a vanished pile has to report its sessions before they are settled by rule."
    )
    charging_vanished: str = setting(
        _one_of("last", "refund"), "last", "The rule: pay what was reported last (`last`), or nothing (`refund`)."
    )
    charging_mqtt_url: str = setting(
        _mqtt_url, "mqtt://127.0.0.1:1883", "Broker, `mqtt[s]://[user:password@]host[:port]`.", secret=True
    )
    charging_mqtt_prefix: str = setting(_text, "piles", "First part of every topic.")
    charging_mqtt_ca_file: str = setting(_text, None, "Certificate authority of the broker, for `mqtts`.")

    def lacks(self, service: str, hooks: Container[str] = ()) -> list[str]:
        """Names of the settings that *service* needs, that are not set and that no registered hook replaces."""
        missing = [
            name
            for name, field in table()
            if service in field.metadata["needed_by"]
            and not getattr(self, field.name)
            and field.metadata["unless"] not in hooks
        ]
        if self.sms_sender and service in _NEED_SMS and "sms_sender" not in hooks:
            missing += self.lacks(self.sms_sender)
        return missing


_NEED_SMS = next(field for field in dataclasses.fields(Settings) if field.name == "sms_sender").metadata["needed_by"]


def table() -> Iterator[tuple[str, dataclasses.Field[Any]]]:
    """All settings as (full name, dataclass field), in the order in which they are declared."""
    for field in dataclasses.fields(Settings):
        yield PREFIX + field.name.upper(), field


def load(config: Mapping[str, Any]) -> Settings:
    """Read the settings from a Flask configuration.

    :raises ConfigurationError: an unknown ``WXSERVICES_`` name (with the nearest known one), or a value
        of the wrong type.
    """
    known = dict(table())
    for name in config:
        if name.startswith(PREFIX) and name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise ConfigurationError(f"Unknown setting {name}.{hint}")
    sandbox = config.get(PREFIX + "SANDBOX", False) is True
    if config.get(PREFIX + "SMS_SENDER") == "sandbox" and not sandbox:
        raise ConfigurationError(f"{PREFIX}SMS_SENDER: the sandbox's sender shows codes; it needs {PREFIX}SANDBOX.")
    values: dict[str, Any] = {}
    for name, field in known.items():
        raw = config.get(name)
        if raw is None and sandbox:
            raw = field.metadata["sandbox"]
        if raw is None:
            continue
        try:
            values[field.name] = field.metadata["parse"](raw)
        except ValueError as error:
            raise ConfigurationError(f"{name}: {error}") from None
    return Settings(**values)


def markdown() -> str:
    """The table as the documentation shows it."""
    lines = ["| setting | default | meaning | needed by |", "| --- | --- | --- | --- |"]
    for name, field in table():
        default = field.metadata["default"]
        shown = "" if default is None else f"`{default!r}`" if default == "" else f"`{default}`"
        needed_by = ", ".join(field.metadata["needed_by"])
        lines.append(f"| `{name}` | {shown} | {field.metadata['meaning']} | {needed_by} |")
    return "\n".join(lines) + "\n"
