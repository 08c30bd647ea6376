"""``load``, ``dump`` and ``demo``."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import Result
from flask import Flask

from wxservices import operator_file
from wxservices.services.traffic import SERVICE, businesses, operator, slots

Run = Callable[..., Result]

OFFICE = """
traffic:
  businesses:
  - {busiid: 007, businame: no, busitips: "一\\n\\n  二 😀 # 三: \\t'四' \\"五\\""}
  - {busiid: "1e3", businame: "true", children: [{busiid: 10:00, businame: "- *x"}]}
  slots:
  - {busitype: 0, starttime: 09:00, endtime: "1000", capacity: 5}
  - {busitype: 0, day: 2026-11-24, starttime: 0930, endtime: 1030, capacity: "0"}
  days:
  - {day: 2026-11-28, working: true}
"""


def dumped(app: Flask) -> dict[str, Any]:
    with app.app_context():
        return operator.dump()


def test_load_creates_and_changes_by_natural_key(host: Flask, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "office.yaml"
    file.write_text(OFFICE)
    assert run("load", file).output == f"{file}: 6 loaded.\n"
    once = dumped(host)
    assert once["slots"][0] == {"busitype": "0", "starttime": "0900", "endtime": "1000", "capacity": 5}
    assert [business["busiid"] for business in once["businesses"]] == ["007", "1e3"]
    assert run("load", file, file).exit_code == 0
    assert dumped(host) == once
    file.write_text(OFFICE.replace("capacity: 5", "capacity: 6"))
    run("load", file)
    assert dumped(host)["slots"][0]["capacity"] == 6


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_what_is_dumped_loads_to_the_same(host: Flask, run: Run, form: str) -> None:
    assert run("load", "-", input=OFFICE).exit_code == 0
    before = dumped(host)
    output = run("dump", "--format", form).output
    assert run("load", "-", input='{"traffic": {"businesses": [], "days": []}}').exit_code == 0
    assert dumped(host) != before
    assert run("load", "-", input=output).output == "<stdin>: 6 loaded.\n"
    assert dumped(host) == before
    assert run("dump", "traffic", "--format", form).output == output


def test_what_is_dumped_means_the_same_to_others(host: Flask, run: Run) -> None:
    run("load", "-", input=OFFICE)
    assert yaml.safe_load(run("dump").output) == {"traffic": dumped(host)}
    assert json.loads(run("dump", "--format", "json").output) == {"traffic": dumped(host)}


def test_an_empty_office_can_be_dumped(host: Flask, run: Run) -> None:
    assert run("dump").output == "traffic:\n  businesses: []\n  slots: []\n  days: []\n"


def test_dump_of_what_is_not_mounted_is_an_error(host: Flask, run: Run) -> None:
    result = run("dump", "parking")
    assert (result.exit_code, result.output) == (
        1,
        "Error: parking is not a mounted service with data of an operator.\n",
    )


def test_all_faults_of_all_files_are_told_and_nothing_is_written(host: Flask, run: Run, tmp_path: Path) -> None:
    good, bad, worse = tmp_path / "good.yaml", tmp_path / "bad.yaml", tmp_path / "worse.json"
    good.write_text(OFFICE)
    bad.write_text("traffic:\n  slots:\n  - {busitype: 0, starttime: 0900, endtime: 1000}\n  days:\n  - 5\n")
    worse.write_text('{"tickets": {},\n"traffic": {"slots": 5}}')
    before = dumped(host)
    result = run("load", good, bad, worse)
    assert result.exit_code == 1
    assert result.output.splitlines() == [
        f"{bad}:3: traffic.slots[0].capacity 不能为空",
        f"{bad}:5: traffic.days[0] 类型错误",
        f"{worse}:1: tickets 不是已挂载的服务（traffic）",
        f"{worse}:2: traffic.slots 类型错误",
        "Error: 4 faults; nothing was written.",
    ]
    assert dumped(host) == before


def test_a_file_is_one_transaction(host: Flask, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run("load", "-", input=OFFICE)
    before = dumped(host)

    def fail(*args: object) -> None:
        raise RuntimeError("the last step")

    monkeypatch.setattr("wxservices.workdays.replace", fail)
    result = run("load", "-", input=OFFICE.replace("007", "008").replace("capacity: 5", "capacity: 6"))
    assert str(result.exception) == "the last step"
    assert dumped(host) == before


def test_a_file_that_is_not_there_is_an_error(host: Flask, run: Run) -> None:
    result = run("load", "nowhere.yaml")
    assert result.exit_code == 2
    assert "No such file" in result.output


HOST = """
from apps import make_app
from wxservices.blueprints import traffic
app = make_app({uri!r})
app.register_blueprint(traffic.bp)
"""


@pytest.mark.parametrize("command", ["load", "dump"])
def test_much_shows_a_bar_on_a_terminal_and_nowhere_else(sqlite_uri: str, tmp_path: Path, command: str) -> None:
    rows = [slot(f"{n // 60:02}{n % 60:02}") for n in range(600)]
    (tmp_path / "much.json").write_text(json.dumps({"traffic": {"slots": rows}}))
    (tmp_path / "little.json").write_text(json.dumps({"traffic": {"slots": rows[:10]}}))
    (tmp_path / "host.py").write_text(HOST.format(uri=sqlite_uri))
    wxservices = [sys.executable, "-m", "flask", "--app", str(tmp_path / "host.py"), "wxservices"]
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}

    def stderr(*args: str, terminal: bool) -> str:
        reader, writer = pty.openpty() if terminal else os.pipe()
        child = subprocess.Popen([*wxservices, *args], stdout=subprocess.DEVNULL, stderr=writer, env=environ)
        os.close(writer)
        shown = b""
        with open(reader, "rb", buffering=0) as output, contextlib.suppress(OSError):  # so a terminal ends
            while some := output.read(4096):
                shown += some
        assert child.wait() == 0
        return shown.decode()

    stderr("upgrade", terminal=False)
    much = ["load", str(tmp_path / "much.json")]
    if command == "dump":
        stderr(*much, terminal=False)
        much = ["dump"]
    assert "100%" in stderr(*much, terminal=True)
    assert "%" not in stderr(*much, terminal=False)
    if command == "load":
        assert "%" not in stderr("load", str(tmp_path / "little.json"), terminal=True)


def slot(starttime: str) -> dict[str, Any]:
    return {"busitype": "1", "starttime": starttime, "endtime": "2359", "capacity": 1}


def test_demo_answers_and_can_be_repeated(host: Flask, run: Run) -> None:
    assert run("demo").output == "demo/traffic.yaml: 35 loaded.\n"
    once = dumped(host)
    assert run("demo").exit_code == 0
    assert dumped(host) == once
    with host.app_context():
        assert businesses.find("111").businame == "机动车年检"
        today = slots.clock.today()
        for busitype in "01":
            periods = slots.times(date=today, busitype=busitype)["timelist"]
            assert [(row["starttime"], row["endtime"]) for row in periods] == [
                (f"{hour:02}00", f"{hour + 1:02}00") for hour in range(9, 17)
            ]
        level, depth = businesses.tree()["busilist"], 0
        while level:
            level, depth = level[0].get("busilist"), depth + 1
        assert depth == 3
    reply = host.test_client().post(
        "/wx/checkorder", json={"ywlx": "01", "idnum": "11010119900307002X", "name": "张三"}
    )
    assert reply.get_json() == {
        "retcode": "0000",
        "retmsg": reply.json["retmsg"],
        "yy_tel": "13800138000",
        "yy_ywlx": "机动车年检",
    }


def test_the_demo_of_a_document_names_what_its_file_holds() -> None:
    from wxservices.services.traffic import demo

    file = Path(operator_file.__file__).parent / "demo" / "traffic.yaml"
    loaded = operator_file.read(file.name, file.read_bytes(), {"traffic": SERVICE}).data["traffic"]
    names = {row["busiid"]: row["businame"] for row in operator._flat(loaded["businesses"], None)}
    assert names[demo.BUSINESS[0]] == demo.BUSINESS[1]
