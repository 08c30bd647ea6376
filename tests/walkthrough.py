"""Runs the commands of a documentation page as a reader would, and compares what they print.

Every fenced block that begins with ```` ```console ```` is part of the walk: lines after ``$ `` are commands (a line
that ends in ``\\`` goes on in the next), the lines below are what the command prints, where ``…`` stands for anything.
All run in one shell, in an empty folder, against the demonstration host on a free port with fresh demo data in SQLite;
``http://127.0.0.1:5000`` (and ``ws://…``) means that server, ``flask --app wsgi`` that host.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from servers import free_port, until

ROOT = Path(__file__).parents[1]
_block = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)


@dataclass
class Step:
    """A command, and what the page says it prints; None where it says nothing."""

    command: str
    output: str | None


def steps(page: Path) -> list[Step]:
    """The commands of *page*, in order."""
    found: list[Step] = []
    for block in _block.findall(page.read_text(encoding="utf-8")):
        going_on = False
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append(Step(line[2:], None))
            elif going_on:
                found[-1].command += "\n" + line
            else:
                found[-1].output = line if found[-1].output is None else f"{found[-1].output}\n{line}"
            going_on = going_on and line.endswith("\\") if not line.startswith("$ ") else line.endswith("\\")
    return found


@contextmanager
def demo_host(folder: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """The demonstration host, serving: its URL, and the environment in which commands find it."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FLASK_")}
    environment |= {
        "FLASK_SQLALCHEMY_DATABASE_URI": f"sqlite:///{folder}/walk.db",
        "PATH": f"{Path(sys.executable).parent}:{environment['PATH']}",
        "PYTHONPATH": str(ROOT),
        "PYTHONUTF8": "1",
    }
    flask = [sys.executable, "-m", "flask", "--app", "wsgi"]
    for command in ("upgrade", "demo"):
        subprocess.run([*flask, "wxservices", command], cwd=ROOT, env=environment, check=True, capture_output=True)
    port, log = free_port(), folder / "server.log"
    with log.open("w") as errors:
        server = subprocess.Popen(
            [*flask, "run", "--port", str(port)], cwd=ROOT, env=environment, stdout=errors, stderr=errors
        )
    try:
        until(lambda: "Running on" in log.read_text(), "The demonstration host does not start", 30)
        yield f"127.0.0.1:{port}", environment
    finally:
        server.terminate()
        server.wait(10)


def walk(page: Path, folder: Path) -> None:
    """Run the commands of *page* and compare; fails with the first step that prints something else."""
    missing = [tool for tool in ("bash", "curl", "jq") if shutil.which(tool) is None]
    if missing and "walkthrough" not in os.environ.get("TEST_REQUIRE", "").split(","):
        pytest.skip(f"no {' and no '.join(missing)} on this machine")
    walked = steps(page)
    assert walked, f"{page.name} has no console block"
    with demo_host(folder) as (address, environment):
        mark = "-- end of step --"
        script = "".join(f"{step.command}\nprintf '\\n{mark}\\n'\n" for step in walked)
        script = script.replace("127.0.0.1:5000", address)
        done = subprocess.run(
            ["bash", "-c", script], cwd=folder, env=environment, capture_output=True, text=True, timeout=400
        )
        printed = done.stdout.split(f"\n{mark}\n")
    for step, output in zip(walked, printed, strict=False):
        if step.output is not None:
            pattern = ".*".join(re.escape(part) for part in step.output.split("…"))
            assert re.fullmatch(pattern, output.strip(), re.DOTALL), f"{step.command}\n{output}\n{done.stderr}"
    assert len(printed) == len(walked) + 1, done.stderr
