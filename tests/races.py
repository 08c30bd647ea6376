"""Many threads in several processes at once against one data base.

``race("some_test_module:function", uri, …)`` runs ``function(n, **arguments)`` in every thread, in an application
context of its own, all let go at the same moment, and answers what each returned (an exception: its class's name).
The module is found beside this file or by ``path``.
"""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parent


def race(
    target: str,
    uri: str,
    *,
    path: Path,
    processes: int = 4,
    threads: int = 13,
    mount: tuple[str, ...] = (),
    **arguments: Any,
) -> list[Any]:
    """Run *target* in ``processes * threads`` threads, with the documents *mount*.  Thread numbers go from 0 on."""
    children = []
    for number in range(processes):
        task = {
            "target": target,
            "uri": uri,
            "path": str(path.parent),
            "first": number * threads,
            "threads": threads,
            "mount": mount,
            "arguments": arguments,
        }
        children.append(
            subprocess.Popen(
                [sys.executable, __file__, json.dumps(task)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        )
    try:
        for child in children:
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n"
        for child in children:
            assert child.stdin is not None
            child.stdin.write("go\n")
            child.stdin.flush()
        outcomes: list[Any] = []
        for child in children:
            output, _ = child.communicate(timeout=120)
            assert child.returncode == 0
            outcomes += json.loads(output)
        return outcomes
    finally:
        for child in children:
            child.kill()
            child.communicate()


def _main(task: dict[str, Any]) -> None:
    sys.path[:0] = [task["path"], str(TESTS)]
    from apps import make_app

    module, _, name = task["target"].partition(":")
    function: Callable[..., Any] = getattr(importlib.import_module(module), name)
    app = make_app(task["uri"], SQLALCHEMY_ENGINE_OPTIONS={"pool_size": task["threads"], "max_overflow": 2})
    for name in task["mount"]:
        app.register_blueprint(importlib.import_module(f"wxservices.blueprints.{name}").bp)
    outcomes: list[Any] = [None] * task["threads"]
    start = threading.Barrier(task["threads"] + 1)

    def run(number: int) -> None:
        with app.app_context():
            start.wait()
            try:
                outcomes[number] = function(task["first"] + number, **task["arguments"])
            except Exception as error:
                outcomes[number] = type(error).__name__

    workers = [threading.Thread(target=run, args=(number,)) for number in range(task["threads"])]
    for worker in workers:
        worker.start()
    print("ready", flush=True)
    sys.stdin.readline()
    start.wait()
    for worker in workers:
        worker.join()
    print(json.dumps(outcomes))


if __name__ == "__main__":
    _main(json.loads(sys.argv[1]))
