"""The states of an order: one table of who may move what to where, and the one way to do it.

A move is an UPDATE on the condition that the order still is where it is moved from, and a row of the log.  Of two at
once one finds the order moved already, and is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from ... import clock, db, signals
from ...models.tickets import Move, Order
from .errors import MoveRefused


class Rule(NamedTuple):
    """*who* may, by *action*, move an order from *source* to *target*; *effect* is what goes with it."""

    action: str
    source: str
    target: str
    who: str
    effect: str


STATES = {
    "wait_pay": "等待支付",
    "wait_rob": "等待抢单",
    "cancel": "订单取消",
    "returning_amount": "退款中",
    "returned_audit": "退款审核中",
    "returned_return": "退款驳回",
    "returned_amount": "已退款",
    "robing": "抢票中",
    "order_audit": "出票审核中",
    "wait_confirme": "等待确认",
    "success": "已完成",
}
"""The document's list (订单状态列表)."""

NEW = ""
"""Where an order comes from."""

RULES = (
    Rule("create", NEW, "wait_pay", "customer", "a payment is opened"),
    Rule("pay", "wait_pay", "wait_rob", "wechat", "ledger: the money is held"),
    Rule("cancel", "wait_pay", "cancel", "customer", "the payment is closed"),
    Rule("expire", "wait_pay", "cancel", "clock", "the payment is closed"),
    Rule("rob", "wait_rob", "robing", "merchant", "the order is the merchant's"),
    Rule("return", "wait_rob", "returning_amount", "customer", "WeChat is asked to refund"),
    Rule("hand_in", "robing", "order_audit", "merchant", "the tickets' number is noted"),
    Rule("pass", "order_audit", "wait_confirme", "operator", "ledger: the merchant is credited, frozen, less the fee"),
    Rule("reject", "order_audit", "robing", "operator", "the merchant hands in again"),
    Rule("confirm", "wait_confirme", "success", "customer", "ledger: the frozen credit becomes balance"),
    Rule("return", "robing", "returned_audit", "customer", "an operator decides"),
    Rule("return", "order_audit", "returned_audit", "customer", "an operator decides"),
    Rule("return", "wait_confirme", "returned_audit", "customer", "an operator decides"),
    Rule("approve", "returned_audit", "returning_amount", "operator", "ledger: a credit is undone; WeChat is asked"),
    Rule("refuse", "returned_audit", "returned_return", "operator", "ledger: a merchant who has handed in is paid"),
    Rule("refund", "returning_amount", "returned_amount", "wechat", "ledger: the money has gone back"),
)

_by_action = {(rule.action, rule.source): rule for rule in RULES}

_move = (
    sa.update(Order)
    .where(Order.id == sa.bindparam("order_id"), Order.status == sa.bindparam("source"))
    .values(status=sa.bindparam("target"), modified_at=sa.bindparam("now"))
)

_moves = db.Query(
    sa.select(Move.action, Move.source, Move.target, Move.actor, Move.at)
    .where(Move.order_id == sa.bindparam("order_id"))
    .order_by(Move.id)
)


def check(order: Any, action: str, refused: type[MoveRefused] = MoveRefused) -> Rule:
    """The rule by which *action* would move *order* (see :func:`move`).

    :raises MoveRefused: there is none.
    """
    rule = _by_action.get((action, order.status))
    if rule is None:
        raise refused
    return rule


def move(
    order: Any, action: str, *, actor: str = "", refused: type[MoveRefused] = MoveRefused, **values: object
) -> Rule:
    """Move *order* by *action*, in the caller's transaction, which must be left when this raises.

    :param order: what was read of it: ``id``, ``order_no`` and ``status``.
    :param actor: who in particular: an id or a name.
    :param refused: the error to raise.
    :param values: columns to set in the same statement.
    :raises MoveRefused: the table has no such move from its state, or it is in another by now.
    """
    rule = check(order, action, refused)
    statement = _move.values(**values) if values else _move
    where = {"order_id": order.id, "source": rule.source, "target": rule.target, "now": clock.now()}
    if not db.changed(statement, where):
        raise refused
    log(order.id, order.order_no, rule, actor)
    return rule


def log(order_id: int, order_no: str, rule: Rule, actor: str = "") -> None:
    """Note a move down, in the caller's transaction, and tell whoever listens."""
    row = {
        "order_id": order_id,
        "action": rule.action,
        "source": rule.source,
        "target": rule.target,
        "actor": f"{rule.who}:{actor}"[:64] if actor else rule.who,
        "at": clock.now(),
    }
    db.insert(Move, row)
    signals.send_after_commit(signals.tickets_moved, order_no=order_no, source=rule.source, target=rule.target)


def created(order_id: int, order_no: str, actor: str) -> None:
    """Note down that an order was made."""
    log(order_id, order_no, _by_action["create", NEW], actor)


def history(order_id: int) -> Sequence[sa.Row[Any]]:
    """The moves of an order, the oldest first: ``action``, ``source``, ``target``, ``actor``, ``at`` (UTC)."""
    return _moves.all(order_id=order_id)


def diagram() -> str:
    """The table as a Mermaid state diagram."""
    lines = ["stateDiagram-v2"]
    for rule in RULES:
        lines.append(f"    {rule.source or '[*]'} --> {rule.target}: {rule.action} ({rule.who})")
    left = {rule.source for rule in RULES}
    lines += [f"    {state} --> [*]" for state in STATES if state not in left]
    return "\n".join(lines) + "\n"


def markdown() -> str:
    """The table as the documentation shows it."""
    lines = ["| from | to | who | action | effect |", "| --- | --- | --- | --- | --- |"]
    for rule in RULES:
        source = f"`{rule.source}` {STATES[rule.source]}" if rule.source else ""
        lines.append(
            f"| {source} | `{rule.target}` {STATES[rule.target]} | {rule.who} | `{rule.action}` | {rule.effect} |"
        )
    return "\n".join(lines) + "\n"
