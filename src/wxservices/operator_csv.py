"""A table that an operator loads: a CSV file, one list of one service's form, a row for each of its objects.

The first line names the fields, by name or by Chinese label, in any order.  Cells are text; the fields make of it what
they need.  UTF-8, or GB18030, as spreadsheets in China write it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any

from .service import Service

Path = tuple[str | int, ...]


class Unreadable(Exception):
    """The rest of the file cannot be read: line and reason."""


def text(content: bytes) -> str:
    """*content* as text."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        return content.decode("gb18030")
    except UnicodeDecodeError as error:
        raise Unreadable(content.count(b"\n", 0, error.start) + 1, "不是UTF-8或GB18030编码") from None


class Table:
    """Makes a form of a table, and remembers the line of each row."""

    def __init__(self, services: Mapping[str, Service]) -> None:
        self.services = services
        self.lines: dict[Path, int] = {}
        self.faults: list[tuple[Path, str]] = []

    def line(self, path: Path) -> int:
        """The line on which the row around *path* begins."""
        return self.lines.get(path[:3], 1)

    def read(self, text: str) -> dict[str, Any]:
        """``{service: {list: [row, …]}}``.

        :raises Unreadable: it is no table, or none of these services'.
        """
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        rows: list[dict[str, str] | None] = []
        try:
            service, section, columns = self._header([name.strip() for name in next(reader, [])])
            ends = reader.line_num
            for cells in reader:
                begins, ends = ends + 1, reader.line_num
                if not any(cells):
                    continue
                path = (service, section, len(rows))
                self.lines[path] = begins
                if len(cells) != len(columns):
                    self.faults.append((path, f"应有{len(columns)}列，实有{len(cells)}列"))
                    rows.append(None)
                else:
                    rows.append(dict(zip(columns, cells, strict=True)))
        except csv.Error as error:
            raise Unreadable(max(reader.line_num, 1), f"不是有效的CSV：{error}") from None
        return {service: {section: rows}}

    def _header(self, names: list[str]) -> tuple[str, str, list[str]]:
        """The service and the list that have all columns with these *names*, and the fields' names."""
        unknown: list[str] | None = None
        for service in self.services.values():
            if service.operator_data is None or not service.operator_data.table:
                continue
            section = service.operator_data.table
            row: Any = service.operator_data.schema().fields[section]
            known = {name: name for name in row.inner.schema.fields}
            known |= {field.label: name for name, field in row.inner.schema.fields.items() if field.label}
            columns = [known.get(name, "") for name in names]
            missing = [name for name, column in zip(names, columns, strict=True) if not column]
            if names and not missing and len(set(columns)) == len(columns):
                return service.name, section, columns
            unknown = missing or names
        if unknown is None:
            raise Unreadable(1, "已挂载的服务都没有可用CSV载入的数据")
        raise Unreadable(1, f"表头有误：{'、'.join(unknown) or '空'}")
