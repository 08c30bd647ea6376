"""``flask wxservices vending …``, and ``load``, ``dump`` and ``demo`` of the document ``vending``."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import yaml
from flask import Flask

from vending_data import call, clean, shops
from wxservices import db, migration
from wxservices.blueprints import vending
from wxservices.errors import NotFound, TooMany
from wxservices.models.vending import Aisle, Goods, Order, Staff
from wxservices.services.vending import boards, machines, orders, people, rebuild

Run = Callable[..., Any]


@pytest.fixture
def shop(database_uri: str) -> Iterator[Flask]:
    with shops(database_uri) as app:
        yield app


@pytest.fixture
def run(shop: Flask) -> Run:
    runner = shop.test_cli_runner()
    return lambda *args, input=None: runner.invoke(args=["wxservices", *map(str, args)], input=input)


def count(model: Any) -> int:
    return int(db.Query(sa.select(sa.func.count()).select_from(model)).scalar())


def test_demo_can_be_repeated(shop: Flask, run: Run) -> None:
    for _ in range(2):
        result = run("demo")
        assert result.exit_code == 0, result.output
    assert count(Order) == 3 + 40
    assert clean()
    assert [line for shop_id, month in rebuild.months() for line in rebuild.rebuild(shop_id, month)] == []
    data = boards.today(shop_id=888)["data"]
    assert data["num"] == 4
    assert run("vending", "audit").output == "0 differences.\n"
    assert run("vending", "rebuild").output == "0 differences.\n"


def test_a_password_is_hashed_as_clients_send_it(shop: Flask, run: Run) -> None:
    result = run("vending", "password", "19960000000", input="geheim\ngeheim\n")
    assert result.exit_code == 0, result.output
    assert "geheim" not in result.output
    sent = hashlib.md5(b"geheim", usedforsecurity=False).hexdigest()
    stored = db.Query(sa.select(Staff.password).where(Staff.phone == "19960000000")).scalar()
    assert stored.startswith("scrypt:")
    assert sent not in stored
    client = shop.test_client()
    assert call(client, "login_save", login_mp=1, phone="19960000000", password_md5="geheim")["ret"] == 2
    assert call(client, "login_save", login_mp=1, phone="19960000000", password_md5=sent)["ret"] == 0
    assert run("vending", "logout", "19960000000").output == "19960000000: 1 sessions ended.\n"
    assert call(client, "vendor_get", get_vendor_list=1)["ret"] == 2
    assert run("vending", "password", "19960000000", "--as-sent", input="geheim\ngeheim\n").exit_code == 0
    assert call(client, "login_save", login_mp=1, phone="19960000000", password_md5="geheim")["ret"] == 0
    assert run("vending", "password", "13800138000", input="a\na\n").exit_code == 1
    assert run("vending", "logout", "13800138000").exit_code == 1


def test_failed_logins_are_limited_by_phone_and_by_address(shop: Flask) -> None:
    people.set_password(phone="19960000000", password_md5="right")
    settings = shop.extensions["wxservices"].settings

    def login(phone: str, password: str, address: str) -> str:
        try:
            people.login(phone=phone, password_md5=password, address=address)
        except Exception as error:
            return type(error).__name__
        return "in"

    assert login("19960000000", "right", "10.0.0.1") == "in"
    for _ in range(settings.vending_tries_phone):
        assert login("19960000000", "wrong", "10.0.0.1") == "NotAuthenticated"
    assert login("19960000000", "right", "10.0.0.2") == "TooMany"
    for number in range(settings.vending_tries_address - settings.vending_tries_phone):
        assert login(f"1390000{number:04}", "wrong", "10.0.0.1") == "NotAuthenticated"
    assert login("13900009999", "wrong", "10.0.0.1") == "TooMany"
    with pytest.raises(TooMany, match="次数过多"):
        people.login(phone="13900009999", password_md5="wrong", address="10.0.0.1")


def test_an_unknown_phone_takes_as_long_as_a_wrong_password(shop: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[str] = []
    check = people.check_password_hash

    def listen(hashed: str, password: str) -> bool:
        checked.append(hashed.split("$")[0])
        return check(hashed, password)

    monkeypatch.setattr(people, "check_password_hash", listen)
    people.set_password(phone="19960000000", password_md5="right")
    for phone in ("19960000000", "19960000001", "13800138000"):  # wrong, none set, unknown
        with pytest.raises(people.NotAuthenticated):
            people.login(phone=phone, password_md5="wrong", address="10.0.0.1")
    assert len(set(checked)) == 1
    assert len(checked) == 3


def test_a_sale_its_refund_and_what_they_leave(shop: Flask, run: Run) -> None:
    sold = run("vending", "sale", "VI64", "M-1", "AI70x2@3.50", "AI71", "--customer", "CU7", "--pay-way", "2")
    assert sold.exit_code == 0, sold.output
    assert run("vending", "sale", "VI64", "M-1", "AI70x2@3.50", "AI71").output == sold.output
    info = orders.details(vendor_order_id=int(sold.output.strip().removeprefix("VO")))["info"]
    assert (info["order_fee"], info["customer_id"], info["pay_way"]) == (10, "CU7", 2)
    assert run("vending", "refund", sold.output.strip(), "--goods-back").exit_code == 0
    assert run("vending", "refund", sold.output.strip()).exit_code == 1
    assert clean()


@pytest.mark.parametrize(
    "args",
    [
        ["sale", "FD64", "1", "AI70"],
        ["sale", "VI64", "1", "VG70"],
        ["sale", "VI64", "1", "AI70@1.234"],
        ["sale", "VI64", "1", "AI70@x"],
        ["sale", "VI64", "1", "AI70x"],
        ["sale", "VI64", "1"],
        ["count", "VI64", "1", "--why", "x"],
        ["count", "AI70", "1"],
        ["price", "VG9", "-1"],
    ],
)
def test_wrong_arguments_are_told(run: Run, args: list[str]) -> None:
    result = run("vending", *args)
    assert result.exit_code == 2
    assert "Traceback" not in result.output


def test_what_an_operator_does_by_hand(shop: Flask, run: Run) -> None:
    assert run("vending", "receive", "VG22", 12, "--why", "送货单7").output == "VG22: 12 received.\n"
    assert run("vending", "count", "AI70", 4, "--why", "盘点").output == "AI70: 4 (-2).\n"
    assert run("vending", "count", "VG22", 13, "--why", "盘点").output == "VG22: 13 (+1).\n"
    assert run("vending", "price", "VG9", "3.5").exit_code == 0
    assert run("vending", "person", "VI64", "小冉", "12345678").exit_code == 0
    assert {"vendor_person": "小冉", "person_phone": "12345678"} in machines.people(shop_id=888)["person_list"]
    fault = run("vending", "fault", "VI64", "出货口卡住", "--code", "E7").output
    assert re.fullmatch(r"FD\d+\n", fault)
    assert run("vending", "fault", "VI64", "又卡住了", "--code", "E7").output == fault
    assert run("vending", "fault", "VI64", "门没关", "--code", "E8").output != fault
    assert db.Query(sa.select(Goods.price).where(Goods.id == 9)).scalar() == 350
    assert clean()
    with db.transaction():
        db.changed(sa.update(Goods).where(Goods.id == 9).values(stock=1))
    audit = run("vending", "audit")
    assert (audit.exit_code, audit.output.splitlines()[-1]) == (1, "1 differences.")


def test_what_is_dumped_loads_into_an_empty_data_base(shop: Flask, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "all.yaml"
    file.write_text(run("dump", "vending").output)
    before = yaml.safe_load(file.read_text())
    migration_tables = [table for table in db.Base.metadata.sorted_tables if table.name.startswith("wx_vending_")]
    db.Base.metadata.drop_all(db.engine(), migration_tables)
    db.Base.metadata.create_all(db.engine(), migration_tables)
    result = run("load", file)
    assert result.exit_code == 0, result.output
    assert yaml.safe_load(run("dump", "vending").output) == before
    assert clean()


def test_loading_again_leaves_the_stock_alone(shop: Flask, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "all.yaml"
    file.write_text(run("dump", "vending").output)
    run("vending", "sale", "VI64", "M-1", "AI70x2")
    run("vending", "receive", "VG9", 1, "--why", "x")
    assert run("load", file).exit_code == 0
    assert db.Query(sa.select(Aisle.goods_num).where(Aisle.id == 70)).scalar() == 4
    assert db.Query(sa.select(Goods.stock).where(Goods.id == 9)).scalar() == 889
    assert clean()


def test_a_lane_is_not_made_smaller_than_what_is_in_it(shop: Flask, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "all.yaml"
    data = yaml.safe_load(run("dump", "vending").output)
    lane = next(row for row in data["vending"]["vendors"] if row["vendor_id"] == "VI64")["aisles"][0]
    lane |= {"aisle_capacity": 5, "goods_num": 5}
    data["vending"]["shops"][0]["shop_name"] = "改名"
    file.write_text(yaml.safe_dump(data, allow_unicode=True))
    result = run("load", file)
    assert result.exit_code == 1
    assert "AI70" in result.output
    assert "改名" not in run("dump", "vending").output  # nothing was written


FAULTY = """\
vending:
  staff:
    - {phone: "19960000002", name: 新人, shops: [SH888, SH1]}
  categories:
    - {category_id: VGC9, shop_id: SH889, category_name: 饮料}
    - {category_id: VGC25, shop_id: SH888, category_name: 三级, parent_id: VGC19}
    - {category_id: VGC19, shop_id: SH888, category_name: 碳酸, parent_id: VGC9}
  goods:
    - {vendor_goods_id: VG50, shop_id: SH888, category_id: VGC90, goods_name: a, goods_price: 1}
    - {vendor_goods_id: VG51, shop_id: SH888, category_id: VGC10, goods_name: a, goods_price: 1.234}
    - {vendor_goods_id: VG52, shop_id: SH888, category_id: VGC10,
       goods_name: a, goods_price: 1, goods_bar_code: 123123123}
  vendors:
    - vendor_id: VI1
      shop_id: SH888
      vendor_num: "1"
      vendor_name: a
      aisles:
        - {aisle_id: AI56, aisle_name: "1", aisle_capacity: 5}
        - {aisle_id: AI1, aisle_name: "1", aisle_capacity: 5, vendor_goods_id: VG90, goods_num: 1}
  orders:
    - vendor_order_id: VO1
      vendor_id: VI64
      order_time: 1
      pay_time: 2
      order_status: 2
      goods_list: [{vendor_goods_id: VG9, aisle_id: AI900, goods_price: 1, goods_num: 1}]
"""


def test_every_fault_of_a_file_is_told_before_anything_is_written(shop: Flask, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "faulty.yaml"
    file.write_text(FAULTY)
    result = run("load", file)
    assert result.exit_code == 1
    told = [line.removeprefix(f"{file}:") for line in result.output.splitlines()]
    assert told == [
        "3: vending.staff[0].shops[1] 不存在",
        "5: vending.categories[0].shop_id 不能改到其他店铺",
        "6: vending.categories[1].parent_id 应为一级分类",
        "7: vending.categories[2].parent_id 属于其他店铺",
        "9: vending.goods[0].category_id 属于其他店铺",
        "10: vending.goods[1].goods_price 价格格式不正确",
        "12: vending.goods[2].goods_bar_code 与VG13重复",
        "19: vending.vendors[0].aisles[0].aisle_id 属于其他设备",
        "20: vending.vendors[0].aisles[1].vendor_goods_id 属于其他店铺",
        "27: vending.orders[0].goods_list[0].aisle_id 属于其他店铺",
        "Error: 10 faults; nothing was written.",
    ]
    assert count(Goods) == 8


TABLE = """\
商品编号,店铺编号,分类编号,商品名称,商品规格,条形码,价格,库存,图片
VG70,SH888,VGC19,"雪碧,大",1L,6901,4.5,20,a.jpg;b.jpg
VG71,SH888,VGC9,芬达,,,3,,
"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_goods_come_from_a_spreadsheet(shop: Flask, run: Run, tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "goods.CSV"
    file.write_bytes(TABLE.replace("\n", "\r\n").encode(encoding))
    result = run("load", file)
    assert result.exit_code == 0, result.output
    assert "2 loaded" in result.output
    rows = {row["vendor_goods_id"]: row for row in yaml.safe_load(run("dump", "vending").output)["vending"]["goods"]}
    assert rows["VG70"] == {
        "vendor_goods_id": "VG70",
        "shop_id": "SH888",
        "category_id": "VGC19",
        "goods_name": "雪碧,大",
        "goods_spec": "1L",
        "goods_bar_code": "6901",
        "goods_img_list": ["a.jpg", "b.jpg"],
        "goods_price": "4.50",
        "goods_stock": 20,
    }
    assert rows["VG71"]["goods_stock"] == 0
    file.write_bytes(TABLE.replace("芬达", "美年达").encode(encoding))
    assert run("load", file).exit_code == 0
    assert db.Query(sa.select(Goods.name).where(Goods.id == 71)).scalar() == "美年达"
    assert clean()


def test_every_faulty_line_of_a_table_is_told(shop: Flask, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "goods.csv"
    file.write_text(
        "vendor_goods_id,shop_id,category_id,goods_name,goods_price\n"
        'VG70,SH888,VGC9,"两\n行",1\n'
        "VG71,SH888,VGC9,b,x\n"
        "\n"
        "VG72,SH888,VGC9,c\n"
        "VG73,SH888,VGC1,d,1\n"
        "VG74,SH1,VGC9,e,1\n"
        "VG74,SH888,VGC9,e,1\n"
        "VI75,SH888,VGC9,f,-1\n"
    )
    result = run("load", file)
    told = [line.removeprefix(f"{file}:") for line in result.output.splitlines()]
    assert told == [
        "2: vending.goods[0].goods_name 商品名称含有不允许的字符",
        "4: vending.goods[1].goods_price 价格格式不正确",
        "6: vending.goods[2] 应有5列，实有4列",
        "7: vending.goods[3].category_id 不存在",
        "8: vending.goods[4].shop_id 不存在",
        "8: vending.goods[4].category_id 属于其他店铺",
        "9: vending.goods[5] 与第5项重复",
        "10: vending.goods[6].vendor_goods_id 商品编号格式不正确",
        "10: vending.goods[6].goods_price 价格应在0.00到99999999.99之间",
        "Error: 9 faults; nothing was written.",
    ]
    assert count(Goods) == 8


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "1: 表头有误"),
        (b"a,b\n", "1: 表头有误：a、b"),
        (b"shop_id,shop_id\n", "1: 表头有误"),
        (b'shop_id\n"open', "2: 不是有效的CSV"),
        (b"shop_id\n\x00\n", "2: 含有不允许的字符"),
        (b"shop_id\n\xff\xff\n", "2: 不是UTF-8或GB18030编码"),
    ],
)
def test_what_is_no_table_of_ours_is_told(run: Run, tmp_path: Path, content: bytes, told: str) -> None:
    file = tmp_path / "goods.csv"
    file.write_bytes(content)
    result = run("load", file)
    assert result.exit_code == 1
    assert f"{file}:{told}" in result.output


def test_the_tables_are_those_of_the_models(database_uri: str) -> None:
    from apps import make_app

    app = make_app(database_uri)
    app.register_blueprint(vending.bp)
    with app.app_context():
        migration.upgrade()
        assert migration.check() == []
        migration.downgrade("vending")
        assert migration.current()["vending"].applied is None
        db.engine().dispose()


def test_set_person_needs_a_machine(shop: Flask) -> None:
    with pytest.raises(NotFound):
        machines.set_person(vendor_id=999, name="a", phone="1")
