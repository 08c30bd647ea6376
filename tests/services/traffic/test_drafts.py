"""What is typed and chosen before confirming."""

from __future__ import annotations

import pytest
import time_machine
from flask import Flask

from traffic_data import ZHANG, book, timeid
from wxservices.errors import BadParameter
from wxservices.services.traffic import drafts

ME = {"openid": "o-1", "busitype": "0"}


def test_what_was_typed_and_chosen_comes_back(office_app: Flask) -> None:
    drafts.keep(**ME, username="张三", phone="138")
    assert drafts.choose_business(openid="o-1", busiid="111") == {
        "busiid": "111",
        "businame": "年检",
        "busitips": "带行驶证",
    }
    chosen = drafts.choose_time(openid="o-1", timeid=timeid())
    assert chosen == {"timeid": timeid(), "starttime": "0900", "endtime": "1000"}
    assert drafts.typed(**ME)["typed"] == {"username": "张三", "phone": "138", "userid": "", "carnumber": ""}
    assert list(drafts.chosen(**ME)) == ["busiid", "businame", "busitips", "timeid", "starttime", "endtime"]


def test_drafts_of_others_and_of_the_other_type_are_apart(office_app: Flask) -> None:
    drafts.keep(**ME, username="张三")
    for other in ({"openid": "o-2", "busitype": "0"}, {"openid": "o-1", "busitype": "1"}):
        assert drafts.typed(**other)["typed"]["username"] == ""
        assert drafts.chosen(**other) == {}


@pytest.mark.parametrize("busiid", ["1", "11", "nope"])
def test_only_a_leaf_can_be_chosen(office_app: Flask, busiid: str) -> None:
    with pytest.raises(BadParameter, match="busiid"):
        drafts.choose_business(openid="o-1", busiid=busiid)


def test_what_is_no_longer_on_offer_counts_as_not_chosen(office_app: Flask) -> None:
    drafts.keep(**ME, busiid="gone", timeid="20261122-0-1", username="张三")
    assert drafts.chosen(**ME) == {}
    assert drafts.typed(**ME)["typed"]["username"] == "张三"


def test_a_draft_lives_a_day_and_is_purged(office_app: Flask) -> None:
    drafts.keep(**ME, username="张三")
    with time_machine.travel("2026-11-24T00:00:01+00:00", tick=False):
        assert drafts.typed(**ME)["typed"]["username"] == ""
        drafts.keep(openid="o-2", busitype="0", username="李四")
        assert drafts.purge() == 1
        assert drafts.typed(openid="o-2", busitype="0")["typed"]["username"] == "李四"


def test_a_booking_ends_it(office_app: Flask) -> None:
    drafts.keep(**ME, username="张三")
    book(ZHANG, openid="o-1")
    assert drafts.typed(**ME)["typed"]["username"] == ""
