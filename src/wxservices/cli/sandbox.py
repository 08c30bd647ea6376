"""The sandbox's stand-ins: what they have done (``sms-codes``), what happens to them (``sandbox …``)."""

from __future__ import annotations

import json

import click
from flask import current_app, url_for
from flask.cli import AppGroup, with_appcontext
from werkzeug.routing import BuildError

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


def _only_in_sandbox(command: str) -> None:
    if not current_state().settings.sandbox:
        raise ConfigurationError(f"{command} works in the sandbox only: WXSERVICES_SANDBOX is not on.")
