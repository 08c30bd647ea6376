"""``services``: what is mounted, where, and what it lacks."""

from __future__ import annotations

import json
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from ..service import Service
from ..state import current_state


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As one JSON array.")
@with_appcontext
def services(as_json: bool) -> None:
    """Show the mounted services, their URLs and the settings they lack."""
    state = current_state()
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    found: list[dict[str, Any]] = [
        {"name": name, "lacks": state.lacks(service), "urls": _urls(app, service)}
        for name, service in state.mounted.items()
    ]
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    if not found:
        click.echo("Nothing is mounted.")
    for each in found:
        lacks = ", ".join(each["lacks"])
        click.echo(f"{each['name']}: {f'lacks {lacks}' if lacks else 'ready'}")
        for url in each["urls"]:
            click.echo(f"  {','.join(url['methods']):6} {url['url']}")


def _urls(app: Flask, service: Service) -> list[dict[str, Any]]:
    """``{"url", "methods"}`` of each rule of the blueprints of *service*, in the order of its table."""
    names = {name for name, blueprint in app.blueprints.items() if getattr(blueprint, "service", None) is service}
    return [
        {"url": rule.rule, "methods": sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})}
        for rule in app.url_map.iter_rules()
        if rule.endpoint.rpartition(".")[0] in names
    ]
