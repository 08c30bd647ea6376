"""What an operator puts in and takes out: ``load``, ``dump`` and ``demo``."""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Callable
from importlib import resources
from typing import Any, BinaryIO

import click
import yaml
from flask.cli import with_appcontext

from .. import db, operator_file
from ..errors import ConfigurationError
from ..operator_file import OperatorFile, things
from ..service import Service
from ..state import current_state
from .progress import progress


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.File("rb"))
@with_appcontext
def load(files: tuple[BinaryIO, ...]) -> None:
    """Create or update what FILES (YAML, JSON or CSV; - is the standard input) name.

    Nothing is written unless every file is without fault.  Each file is one transaction.
    """
    mounted = current_state().mounted
    _load([operator_file.read(getattr(file, "name", "<stdin>"), file.read(), mounted) for file in files])


@click.command()
@click.argument("services", nargs=-1)
@click.option("--format", "form", type=click.Choice(["yaml", "json"]), default="yaml", show_default=True)
@with_appcontext
def dump(services: tuple[str, ...], form: str) -> None:
    """Write what SERVICES (default: all that are mounted) hold, in the form that `load` takes."""
    mounted = current_state().mounted
    for name in services:
        if name not in mounted or mounted[name].operator_data is None:
            raise ConfigurationError(f"{name} is not a mounted service with data of an operator.")
    data = {
        name: service.operator_data.dump()
        for name, service in mounted.items()
        if service.operator_data and (not services or name in services)
    }
    if form == "json":
        click.echo(json.dumps(data, ensure_ascii=False, indent=2))
        return
    with progress("dump", things(data)) as done:
        for name, sections in data.items():
            click.echo(f"{name}:")
            for section, items in sections.items():
                _write(section, items, done)


@click.command()
@with_appcontext
def demo() -> None:
    """Load the demonstration data of the mounted services.  Can be repeated."""
    mounted = current_state().mounted
    _load([file for name in mounted if (file := _packaged(name, mounted))])
    for service in mounted.values():
        if service.demo:
            service.demo()


def _load(files: list[OperatorFile]) -> None:
    faults = [fault for file in files for fault in file.faults]
    for fault in faults:
        click.echo(str(fault), err=True)
    if faults:
        raise click.ClickException(f"{len(faults)} faults; nothing was written.")
    mounted = current_state().mounted
    for file in files:
        total = things(file.data)
        with progress(file.name, total) as done, db.transaction():
            for name, data in file.data.items():
                for count in mounted[name].operator_data.apply(data):  # type: ignore[union-attr]
                    done(count)
        click.echo(f"{file.name}: {total} loaded.")


def _packaged(name: str, mounted: dict[str, Service]) -> OperatorFile | None:
    file = resources.files("wxservices") / "demo" / f"{name}.yaml"
    return operator_file.read(f"demo/{name}.yaml", file.read_bytes(), mounted) if file.is_file() else None


class _Dumper(yaml.SafeDumper):
    """Quotes what looks like a number, keeps the lines of a text."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else '"' if text[:1].isdigit() else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style)


_Dumper.add_representer(str, _text)


def _write(section: str, items: Any, done: Callable[[int], object]) -> None:
    """Write a section, a list item by item."""
    if not isinstance(items, list) or not items:
        _echo({section: items})
        return
    click.echo(f"  {section}:")
    for item in items:
        _echo([item])
        done(things([item]))


def _echo(data: Any) -> None:
    text = yaml.dump(data, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=sys.maxsize)
    click.echo(textwrap.indent(text, "  "), nl=False)
