"""The built wheel in hosts: the README's, and one with a data base, models and a migration history of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import sqlalchemy as sa

ROOT = Path(__file__).parents[1]

HOST = """
from flask import Flask
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
import wxservices
from wxservices.blueprints import traffic

db = SQLAlchemy()
app = Flask(__name__)
app.config.update(SECRET_KEY="host", WXSERVICES_SANDBOX=True, SQLALCHEMY_DATABASE_URI="sqlite:///host.db")
class Visitor(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String(40))
db.init_app(app)
Migrate(app, db, include_object=wxservices.include_object)
wxservices.WxServices(app, db=db)
app.register_blueprint(traffic.bp)
"""


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "--wheel-dir", str(folder), str(ROOT)], check=True, capture_output=True, timeout=120)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with nothing in it but the wheel's content."""
    folder = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


class Host:
    """A host application's folder, and ``flask`` run in it with the wheel's content first on the path."""

    def __init__(self, folder: Path, installed: Path, code: str) -> None:
        self.folder = folder
        ours = {name: value for name, value in os.environ.items() if not name.startswith("FLASK_")}
        self.environment = {**ours, "PYTHONPATH": str(installed), "FLASK_APP": "host"}
        (folder / "host.py").write_text(code, encoding="utf-8")
        assert str(installed) in self.python("import wxservices; print(wxservices.__file__)")

    def run(self, *command: str) -> str:
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def flask(self, *command: str) -> str:
        return self.run(sys.executable, "-m", "flask", *command)

    def python(self, code: str) -> str:
        return self.run(sys.executable, "-c", code)

    def tables(self) -> dict[str, int]:
        """Names of the tables, each with its number of rows."""
        engine = sa.create_engine(f"sqlite:///{self.folder}/instance/host.db")
        with engine.connect() as connection:
            names = sa.inspect(connection).get_table_names()
            tables = {name: connection.scalar(sa.text(f"SELECT count(*) FROM {name}")) for name in names}
        engine.dispose()
        return tables

    def history(self) -> list[str]:
        engine = sa.create_engine(f"sqlite:///{self.folder}/instance/host.db")
        with engine.connect() as connection:
            history = list(connection.scalars(sa.text("SELECT version_num FROM alembic_version")))
        engine.dispose()
        return history


ASK_AS_KIOSK = """
from host import app
asked = {"ywlx": "01", "idnum": "11010119900307002X", "name": "张三"}
print(app.test_client().post("/wx/checkorder", json=asked).get_data(as_text=True))
"""


def test_the_readmes_host_serves_the_demo(installed: Path, tmp_path: Path) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    code = re.search(r"```python\n(.*?)```", readme, re.DOTALL)
    assert code
    host = Host(tmp_path, installed, code.group(1))
    commands = re.findall(r"^\$ flask --app host (wxservices \w+)", readme, re.MULTILINE)
    assert commands == ["wxservices upgrade", "wxservices demo"]
    for command in commands:
        host.flask(*command.split())
    assert '"retcode":"0000"' in host.python(ASK_AS_KIOSK)
    assert "wx_traffic_booking" in host.tables()


def test_a_host_with_its_own_db_and_history_mounts_it_without_touching_them(installed: Path, tmp_path: Path) -> None:
    assert len([line for line in HOST.splitlines() if line]) <= 15
    host = Host(tmp_path, installed, HOST)
    host.flask("db", "init")
    host.flask("db", "migrate", "-m", "first")
    host.flask("db", "upgrade")
    before = host.history()
    host.flask("wxservices", "upgrade")
    host.flask("wxservices", "demo")
    assert host.history() == before
    assert {"visitor", "alembic_version", "wx_alembic_version", "wx_common_token", "wx_traffic_slot"} <= set(
        host.tables()
    )
    assert '"yy_tel":"13800138000"' in host.python(ASK_AS_KIOSK)

    # The host goes on: its autogenerate sees nothing of ours, and a change of its own only.
    host.flask("db", "migrate", "-m", "nothing")
    assert len(list((tmp_path / "migrations" / "versions").glob("*.py"))) == 1
    source = (tmp_path / "host.py").read_text(encoding="utf-8")
    (tmp_path / "host.py").write_text(source.replace("String(40))", "String(40))\n    age = db.Column(db.Integer)"))
    host.flask("db", "migrate", "-m", "age")
    (second,) = set((tmp_path / "migrations" / "versions").glob("*_age.py"))
    assert "wx_" not in second.read_text(encoding="utf-8")
    host.flask("db", "upgrade")

    # And without us: our tables go, its own stay.
    host.flask("wxservices", "downgrade", "traffic", "--yes")
    assert not [name for name in host.tables() if name.startswith("wx_traffic")]
    assert "visitor" in host.tables()


def test_the_wheel_holds_all_it_needs(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    for needed in (
        "wxservices/py.typed",
        "wxservices/migrations/env.py",
        "wxservices/demo/traffic.yaml",
        "wxservices/static/wxservices.css",
        "wxservices/blueprints/traffic/templates/wxservices/traffic/infoinput.html",
    ):
        assert needed in names
    assert not [name for name in names if "test" in name or name.endswith(".pyc")]


def test_mounting_one_blueprint_loads_no_sdk_and_no_other(installed: Path, tmp_path: Path) -> None:
    host = Host(tmp_path, installed, HOST)
    loaded = set(host.python("import host, sys; print(*sys.modules)").split())
    assert "wxservices.blueprints.traffic" in loaded
    for stranger in ("requests", "tencentcloud", "alibabacloud_dysmsapi20170525", "paho", "redis", "chinese_calendar"):
        assert stranger not in loaded
    documents = {"tickets", "appointment", "charging", "vending"}
    assert not {name for name in loaded if name.startswith("wxservices.") and documents & set(name.split("."))}
