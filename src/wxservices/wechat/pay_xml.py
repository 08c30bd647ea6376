"""The XML of WeChat Pay v2: one root with a text in each of its children."""

from __future__ import annotations

import re
from collections.abc import Mapping

LONGEST = 64 * 1024
"""Bytes of the longest message that is read; WeChat's have one or two thousand."""

_name = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}")
_impossible = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write(fields: Mapping[str, str]) -> bytes:
    """*fields* as ``<xml>`` with CDATA.

    :raises ValueError: a character that XML cannot hold.
    """
    if any(_impossible.search(value) for value in fields.values()):
        raise ValueError("a character that XML cannot hold")
    parts = (f"<{name}><![CDATA[{_cdata(value)}]]></{name}>" for name, value in fields.items())
    return f"<xml>{''.join(parts)}</xml>".encode()


def _cdata(text: str) -> str:
    return text.replace("]]>", "]]]]><![CDATA[>")


def read(message: bytes, *, root: str = "xml") -> dict[str, str]:
    """The fields of a message, in its order; an empty one is ``""``.

    :raises ValueError: too long, not UTF-8, not XML, a document type or entity, another root, a field that is there
        twice, has children or attributes.
    """
    from defusedxml import DefusedXmlException, ElementTree  # here: most processes never see XML

    if len(message) > LONGEST:
        raise ValueError("too long")
    try:
        tree = ElementTree.fromstring(message.decode("utf-8-sig").strip(), forbid_dtd=True)
    except (ElementTree.ParseError, DefusedXmlException) as error:
        # Without the text, which may quote the message.
        raise ValueError(type(error).__name__) from None
    if tree.tag != root or tree.attrib:
        raise ValueError("another root")
    fields: dict[str, str] = {}
    for child in tree:
        if child.tag in fields or not _name.fullmatch(child.tag) or len(child) or child.attrib:
            raise ValueError("a field that is no plain one")
        fields[child.tag] = child.text or ""
    return fields
