"""Runs revisions on the connection, and with the options, that ``wxservices.migration`` hands over.

One environment for all documents: ``versions/common`` and ``versions/<document>`` are branches of their own, and a
document's first revision depends on ``common``.  Logging is the host's; nothing here touches it.
"""

from __future__ import annotations

from typing import Any

from alembic import context

from wxservices.db import Fen, UtcDateTime


def render_item(kind: str, item: Any, autogen_context: Any) -> str | bool:
    """Write our column types as what they are in the data base.  A revision is history: it says for ever what it
    made, whatever becomes of the Python type.
    """
    if kind == "type" and isinstance(item, UtcDateTime):
        autogen_context.imports.add("from sqlalchemy.dialects import mysql")
        return 'sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")'
    if kind == "type" and isinstance(item, Fen):
        return "sa.BigInteger()"
    return False


context.configure(**context.config.attributes["options"], render_item=render_item)
with context.begin_transaction():
    context.run_migrations()
