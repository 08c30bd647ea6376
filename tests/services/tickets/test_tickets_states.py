"""The table of states: what it allows happens and is noted down, what it does not is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from tickets_data import Caller, bring, on_sqlite, pay, status
from wxservices import db, signals
from wxservices.services.tickets import merchants, ordering, states
from wxservices.services.tickets.errors import MoveRefused, RobRefused

DOCS = Path(__file__).parents[3] / "docs" / "tickets.md"


def test_the_table_is_the_documents_states_and_joins_them() -> None:
    named = {rule.source for rule in states.RULES} | {rule.target for rule in states.RULES}
    assert named == {*states.STATES, states.NEW}
    assert len({(rule.action, rule.source) for rule in states.RULES}) == len(states.RULES)


def test_the_documentation_has_the_table_and_its_diagram() -> None:
    text = DOCS.read_text(encoding="utf-8")
    assert states.markdown() in text
    assert f"```mermaid\n{states.diagram()}```" in text


@on_sqlite
@pytest.mark.parametrize("state", states.STATES)
@pytest.mark.parametrize("action", sorted({rule.action for rule in states.RULES} - {"create"}))
def test_what_the_table_does_not_have_is_refused(customer: Caller, action: str, state: str) -> None:
    order = customer.order()
    with db.transaction():
        db.changed(ordering.sa.update(ordering.Order).values(status=state))
    rules = [rule for rule in states.RULES if (rule.action, rule.source) == (action, state)]
    read = ordering.numbered(order.order_no)
    if rules:
        with db.transaction():
            states.move(read, action, actor="a")
        assert status(order.order_no) == rules[0].target
        last = states.history(order.id)[-1]
        assert last.actor == f"{rules[0].who}:a"
        assert (last.source, last.target, last.action) == (state, rules[0].target, action)
    else:
        with pytest.raises(MoveRefused), db.transaction():
            states.move(read, action)
        assert status(order.order_no) == state
        assert len(states.history(order.id)) == 1


def test_a_move_lost_to_another_is_refused_and_not_noted(customer: Caller) -> None:
    order = customer.order()
    before = ordering.numbered(order.order_no)
    pay(order.order_no)
    with pytest.raises(MoveRefused), db.transaction():
        states.move(before, "cancel")
    assert [move.target for move in states.history(order.id)] == ["wait_pay", "wait_rob"]


def test_each_move_is_noted_with_time_and_actor(customer: Caller, business: Caller) -> None:
    order = bring(customer, business, "success")
    moves = states.history(order.id)
    assert [move.target for move in moves] == [
        "wait_pay",
        "wait_rob",
        "robing",
        "order_audit",
        "wait_confirme",
        "success",
    ]
    me, them = f"customer:{customer.user_id}", f"merchant:{business.user_id}"
    actors = [move.actor for move in moves]
    assert [actors[0], *actors[2:]] == [me, them, them, "operator", me]
    assert actors[1].startswith("wechat:42")
    assert sorted(move.at for move in moves) == [move.at for move in moves]


def test_a_host_hears_of_a_move_after_its_commit(agency_app: Flask, customer: Caller, business: Caller) -> None:
    heard: list[tuple[str, str]] = []

    def listen(sender: object, order_no: str, source: str, target: str) -> None:
        assert not db.in_transaction()
        heard.append((source, target))

    with signals.tickets_moved.connected_to(listen, sender=agency_app):
        order = bring(customer, business, "robing")
        with pytest.raises(RobRefused):
            merchants.rob(merchant_id=business.user_id, order_no=order.order_no)
    assert heard == [("", "wait_pay"), ("wait_pay", "wait_rob"), ("wait_rob", "robing")]
