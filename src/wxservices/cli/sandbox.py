"""The sandbox's stand-ins: what they have done (``sms-codes``), what happens to them (``sandbox …``)."""

from __future__ import annotations

import json
from typing import Any

import click
from flask import current_app, url_for
from flask.cli import AppGroup, with_appcontext
from werkzeug.routing import BuildError

from .. import clock
from ..errors import ConfigurationError
from ..state import current_state


@click.command()
@click.argument("phone", required=False)
@with_appcontext
def sms_codes(phone: str | None) -> None:
    """Print the codes that were "sent" (to PHONE), newest first, one JSON object a line."""
    _only_in_sandbox("sms-codes")
    from ..sms import sandbox

    for message in sandbox.recent(phone):
        click.echo(json.dumps(message, ensure_ascii=False))


sandbox = AppGroup("sandbox", help="Do to the stand-ins what people and trouble do to the real ones.")


@sandbox.command()
@click.argument("out_trade_no")
@click.option("--fen", type=click.IntRange(1), help="Another amount; needed for a number that was never prepaid.")
@click.option("--no-notify", is_flag=True, help="Lose WeChat's notification.")
def pay(out_trade_no: str, fen: int | None, no_notify: bool) -> None:
    """Let the payer pay OUT_TRADE_NO, and deliver WeChat's notification."""
    _only_in_sandbox("sandbox")
    from ..wechat import pay_sandbox

    message = pay_sandbox.pay(out_trade_no, fen)
    if no_notify:
        click.echo(f"{out_trade_no}: paid, not notified.")
        return
    try:
        with current_app.test_request_context():
            url = url_for("wxpay.wxpay_notify")
    except BuildError:
        raise ConfigurationError("The blueprint wxpay is not mounted: nobody takes the notification.") from None
    answer = current_app.test_client().post(url, data=message, content_type="text/xml").get_data(as_text=True)
    click.echo(f"{out_trade_no}: paid, notified: {answer}")


@sandbox.command()
@click.argument("err_code")
def refuse(err_code: str) -> None:
    """Let the next unified order be refused with ERR_CODE."""
    _only_in_sandbox("sandbox")
    from ..wechat import pay_sandbox

    pay_sandbox.refuse(err_code)


@sandbox.command()
def timeout() -> None:
    """Let the next unified order get no answer."""
    _only_in_sandbox("sandbox")
    from ..wechat import pay_sandbox

    pay_sandbox.hang()


@sandbox.command()
@click.argument("device")
@click.option("--online/--offline", default=None, help="Let it come, or go without a word.")
@click.option("--plug", "plugs", multiple=True, metavar="03=free|taken|faulty", help="Let it say that of a plug.")
@click.option("--accept-start", "answer", flag_value="accept", help="Let it take start commands.")
@click.option("--refuse-start", "answer", flag_value="refuse", help="Let it refuse them.")
@click.option("--silent", "answer", flag_value="silent", help="Let it answer nothing.")
def pile(device: str, online: bool | None, plugs: tuple[str, ...], answer: str | None) -> None:
    """Do something to the simulated pile DEVICE."""
    from ..services.charging import plugs as known

    simulated = _simulated()
    known.pile(device)
    for plug in plugs:
        number, _, state = plug.partition("=")
        if state not in ("free", "taken", "faulty") or not known.has(device, number):
            raise click.BadParameter(f"{plug} is no plug of {device} and state such as 03=free", param_hint="--plug")
    if answer is not None:
        simulated.behave(device, answer)
    if online is not None:
        simulated.connect(device, online)
    for plug in plugs:
        number, _, state = plug.partition("=")
        simulated.set_plug(device, number, ("free", "taken", "faulty").index(state))
    click.echo(json.dumps(known.status(deviceNo=device)))


@sandbox.command()
@click.argument("order_no")
@click.option("--seconds", type=click.IntRange(0, 7 * 86400), help="How long it ran (default: as long as was bought).")
def finish(order_no: str, seconds: int | None) -> None:
    """Let the simulated pile say that ORDER_NO is over."""
    _simulated().finish(order_no, seconds=seconds)
    click.echo(f"{order_no}: finished.")


@sandbox.command()
@click.argument("device")
@click.argument("plug")
@click.argument("card")
@click.option("--fen", type=click.IntRange(1), help="What the rider chooses to spend (default: the tariff's).")
def swipe(device: str, plug: str, card: str, fen: int | None) -> None:
    """Hold CARD to the simulated pile DEVICE for PLUG."""
    _simulated()
    from ..piles.events import Swiped
    from ..services.charging import swipes

    now = clock.now()
    msg_id = f"{card}-{now.timestamp()}"
    order_no = swipes.start(Swiped(device_no=device, plug_no=plug, card_no=card, msg_id=msg_id, fen=fen, at=now))
    click.echo(f"{order_no}: told to start." if order_no else f"{card}: nobody's card.")


def _simulated() -> Any:
    _only_in_sandbox("sandbox")
    if current_state().settings.charging_gateway != "simulated":
        raise ConfigurationError("WXSERVICES_CHARGING_GATEWAY is not simulated: these piles are real.")
    from ..piles import simulated

    return simulated


def _only_in_sandbox(command: str) -> None:
    if not current_state().settings.sandbox:
        raise ConfigurationError(f"{command} works in the sandbox only: WXSERVICES_SANDBOX is not on.")
