"""Processes that die: ``python tickets_crash.py TASK`` does what each step of the JSON *TASK* says in a process of its
own, which is killed at the point that the step names.

A step is ``[what, arguments, "module:function", "before" or "after"]``; the process gets SIGKILL before or after that
function does its work.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
from typing import Any

from tickets_data import ORDER, Caller
from wxservices import payments
from wxservices.wechat import pay_sandbox


def _die_at(target: str, when: str) -> None:
    module_name, _, name = target.partition(":")
    module = importlib.import_module(module_name)
    original = getattr(module, name)

    def deadly(*args: Any, **kwargs: Any) -> Any:
        if when == "after":
            original(*args, **kwargs)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(module, name, deadly)


def _call(client: Any, user_id: int, key: str, name: str, data: dict[str, Any]) -> None:
    Caller(client, user_id, "customer", key).call(name, data)


def _order(client: Any, user_id: int, key: str, **_: Any) -> None:
    _call(client, user_id, key, "createOrder", ORDER)


def _notify(client: Any, order_no: str, **_: Any) -> None:
    payments.notified(pay_sandbox.notification_of(order_no))


def _return(client: Any, user_id: int, key: str, id: int, **_: Any) -> None:
    _call(client, user_id, key, "returnAmount", {"id": id})


def _look(client: Any, user_id: int, key: str, id: int, **_: Any) -> None:
    _call(client, user_id, key, "getOrderDetails", {"id": id})


STEPS = {"order": _order, "notify": _notify, "return": _return, "look": _look}


def main(task: dict[str, Any]) -> None:
    from apps import make_app
    from wxservices.blueprints import tickets

    for what, arguments, target, when in task["steps"]:
        child = os.fork()
        if child == 0:
            app = make_app(task["uri"])
            app.register_blueprint(tickets.bp)
            _die_at(target, when)
            with app.app_context():
                STEPS[what](app.test_client(), **arguments)
            os._exit(0)  # it did not come by that point
        _, status = os.waitpid(child, 0)
        print(os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0, flush=True)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
