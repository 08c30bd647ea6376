"""The business tree (document ``traffic``, section 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ... import db
from ...errors import BadParameter
from ...models.traffic import Business

VIOLATION_NAME = "违法业务"
"""Name of what is booked with busitype 1, which has no business tree."""

_nodes = db.Query(
    sa.select(Business.busiid, Business.parent_busiid, Business.businame).order_by(Business.position, Business.busiid)
)

_leaf = db.Query(
    sa.select(
        Business.busiid,
        Business.businame,
        Business.busitips,
        sa.exists(sa.select(1).where(sa.alias(Business.__table__, "child").c.parent_busiid == Business.busiid)).label(
            "has_children"
        ),
    ).where(Business.busiid == sa.bindparam("busiid"))
)


@dataclass(frozen=True)
class Chosen:
    """A business that can be booked."""

    busiid: str
    businame: str
    busitips: str


def tree() -> dict[str, Any]:
    """Page data of ``/wx/busiselect``: ``{"busilist": [...]}``, ``busilist`` of a node only where it has children."""
    rows = _nodes.all()
    nodes: dict[str, dict[str, Any]] = {row.busiid: {"busiid": row.busiid, "businame": row.businame} for row in rows}
    top: list[dict[str, Any]] = []
    for row in rows:
        siblings = nodes[row.parent_busiid].setdefault("busilist", []) if row.parent_busiid else top
        siblings.append(nodes[row.busiid])
    return {"busilist": top}


def find(busiid: str) -> Chosen:
    """The bookable business *busiid*.

    :raises BadParameter: unknown, or it has children.
    """
    row = _leaf.first(busiid=busiid)
    if row is None:
        raise BadParameter("busiid", "业务不存在")
    if row.has_children:
        raise BadParameter("busiid", "请选择具体业务")
    return Chosen(row.busiid, row.businame, row.busitips)
