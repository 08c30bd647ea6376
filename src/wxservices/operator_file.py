"""Files that an operator loads: YAML, JSON or CSV, checked as a whole, each fault with its line and its path.

The top level maps services to what their schemas say.  A plain word is ``true``, ``false``, ``null`` or else the text
that is written, numbers included (``10:00`` is no 600, ``no`` is no False, ``0900`` keeps its zero): the fields make
of it what they need.  Aliases and tags are faults, and so is a key that comes twice.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml
from marshmallow import ValidationError

from . import operator_csv
from .operator_csv import Path
from .operator_csv import Unreadable as _Unreadable
from .service import Service

DEEPEST = 40
"""Levels of nesting that are read."""

_WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}
_TEXT = "tag:yaml.org,2002:str"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_PAIR = re.compile(r"(?<!\\)((?:\\\\)*)(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})")
_UNPRINTABLE = yaml.reader.Reader.NON_PRINTABLE


@dataclass(frozen=True)
class Fault:
    """What is wrong: ``shop.yaml:12: traffic.slots[3].capacity 类型错误``."""

    file: str
    line: int
    path: str
    reason: str

    def __str__(self) -> str:
        return " ".join(filter(None, (f"{self.file}:{self.line}:", self.path, self.reason)))


@dataclass
class OperatorFile:
    """A file that was read: by service what its schema made of it, and the faults, in the order of lines."""

    name: str
    data: dict[str, dict[str, Any]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


def read(name: str, content: bytes, services: Mapping[str, Service]) -> OperatorFile:
    """Read a file's *content*.  Nothing is raised: what is wrong is in ``faults``.

    :param name: one that ends in ``.csv`` is a table (see :mod:`.operator_csv`).
    :param services: those that may be named in it.
    """
    file = OperatorFile(name)
    table = name.lower().endswith(".csv")
    reader = operator_csv.Table(services) if table else _Reader()
    faults = reader.faults
    try:
        sections = reader.read(_printable(operator_csv.text(content)) if table else _text(content))
        told = {path for path, _ in faults}  # once is enough
        faults += [fault for fault in _check(sections, services, file.data) if fault[0] not in told]
    except _Unreadable as error:
        line, reason = error.args
        file.faults.append(Fault(name, line, "", reason))
    file.faults += [Fault(name, reader.line(path), _written(path), reason) for path, reason in faults]
    file.faults.sort(key=lambda fault: fault.line)
    return file


def _check(
    sections: dict[str, Any], services: Mapping[str, Service], data: dict[str, dict[str, Any]]
) -> Iterator[tuple[Path, str]]:
    for name, section in sections.items():
        operator_data = services[name].operator_data if name in services else None
        if operator_data is None:
            known = "、".join(name for name, service in services.items() if service.operator_data)
            yield (name,), f"不是已挂载的服务（{known}）"
            continue
        try:
            data[name] = operator_data.schema().load(section)
        except ValidationError as error:
            yield from _messages(error.messages, (name,))


def _messages(messages: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """The messages in marshmallow's tree of them, each with its path."""
    if isinstance(messages, dict):
        for key, below in messages.items():
            yield from _messages(below, path if key == "_schema" else (*path, key))
    elif isinstance(messages, list):
        for message in messages:
            yield from _messages(message, path)
    else:
        yield path, str(messages)


def _text(content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _Unreadable(content.count(b"\n", 0, error.start) + 1, "不是UTF-8编码") from None
    _printable(text)
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return text
    # JSON is YAML but for two things that not every parser of YAML takes.
    return _PAIR.sub(lambda match: match[1] + json.loads(f'"{match[2]}"'), text.replace("\t", " "))


def _printable(text: str) -> str:
    if match := _UNPRINTABLE.search(text):
        raise _Unreadable(text.count("\n", 0, match.start()) + 1, "含有不允许的字符")
    return text


class _Reader:
    """Makes data of the parser's events, and remembers the line of each path."""

    def __init__(self) -> None:
        self.lines: dict[Path, int] = {}
        self.faults: list[tuple[Path, str]] = []

    def line(self, path: Path) -> int:
        """The line of *path*, or of the nearest thing around it that is there."""
        while path not in self.lines:
            path = path[:-1]
        return self.lines[path]

    def read(self, text: str) -> dict[str, Any]:
        events = yaml.parse(text, Loader=_LOADER)
        documents: list[Any] = []
        try:
            for event in events:
                if isinstance(event, yaml.DocumentStartEvent):
                    if documents:
                        raise _Unreadable(_line(event), "一个文件只能有一个YAML文档")
                    documents.append(self._value(next(events), events, ()))
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            raise _Unreadable(mark.line + 1 if mark else 1, f"语法错误：{error.problem}") from None
        if not documents:
            raise _Unreadable(1, "文件是空的")
        if not isinstance(documents[0], dict):
            raise _Unreadable(self.lines[()], "应为以服务名为键的映射")
        return documents[0]

    def _value(self, event: Any, events: Iterator[Any], path: Path) -> Any:
        line = _line(event)
        self.lines.setdefault(path, line)
        if len(path) > DEEPEST:
            raise _Unreadable(line, "嵌套过深")
        if isinstance(event, yaml.AliasEvent):
            self.faults.append((path, "不支持别名"))
            return None
        if event.tag not in (None, "!", _TEXT):
            self.faults.append((path, "不支持标签"))
        if isinstance(event, yaml.ScalarEvent):
            plain = event.implicit[0] and event.tag is None and not event.style
            return _WORDS.get(event.value, event.value) if plain else event.value
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(events, path)
        return self._mapping(events, path)

    def _sequence(self, events: Iterator[Any], path: Path) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            items.append(self._value(event, events, (*path, len(items))))
        return items

    def _mapping(self, events: Iterator[Any], path: Path) -> dict[str, Any]:
        members: dict[str, Any] = {}
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                raise _Unreadable(_line(event), "键应为文本")
            key = event.value
            if key in members:
                self.lines[(*path, key)] = _line(event)
                self.faults.append(((*path, key), "重复的键"))
            self.lines.setdefault((*path, key), _line(event))
            members[key] = self._value(next(events), events, (*path, key))
        return members


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def _written(path: Path) -> str:
    """``traffic.slots[3].capacity``."""
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path).lstrip(".")


def things(data: Any) -> int:
    """How many objects are in the lists of *data*."""
    if isinstance(data, dict):
        return sum(map(things, data.values()))
    if isinstance(data, list):
        return sum(isinstance(item, dict) + things(item) for item in data)
    return 0
