"""Through a real broker with the example device: the same money, whatever the network does."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from charging_data import PILE, Rider, books_are_right, pay, reconcile, refunds, rider, state
from conftest import Device, Mosquitto, listener, wired
from servers import until
from wxservices.piles import current_driver, mqtt
from wxservices.services.charging import ledger, settling
from wxservices.state import current_state

FAST = ("--speed", "3600", "--heartbeat", "1", "--resend", "0.5", "--plugs", "3")
"""An hour in a second."""


def status(zhang: Rider) -> Any:
    return zhang.call("getPileStatus", deviceNo=PILE)["data"]


def online(zhang: Rider, wanted: int = 1) -> None:
    until(lambda: status(zhang)["status"] == wanted, f"the pile's status is not {wanted}")


def in_state(number: str, wanted: str) -> None:
    until(lambda: state(number) == wanted, f"{number} is not {wanted}", 15)


def gone_back(number: str, fen: int) -> None:
    """The refund is asked for after what decides it is committed, by the gateway."""
    until(lambda: refunds(number) == [fen], f"{fen} fen do not go back")


def publish(topic: str, payload: bytes) -> None:
    settings = current_state().settings
    client = mqtt.client(settings)
    mqtt.connect(client, settings)
    client.publish(f"{settings.charging_mqtt_prefix}/{topic}", payload, qos=1).wait_for_publish(5)
    client.disconnect()
    client.loop_stop()


def charge(zhang: Rider, plug: str = "01", fen: int = 101) -> str:
    number = zhang.number(plug)
    pay(number, fen)
    assert zhang.start(number, plug, f"{fen / 100:.2f}") == 200
    return number


@pytest.mark.parametrize("copies", ["1", "3"], ids=["once", "everything three times"])
def test_charged_by_a_device(rowless_uri: str, broker: str, device: Device, copies: str) -> None:
    with wired(rowless_uri, broker) as app:
        zhang = rider(app)
        assert status(zhang)["status"] == 0
        pile = device(app, PILE, *FAST, "--copies", copies)
        online(zhang)
        assert status(zhang)["plugs"] == [0] * 10
        number = charge(zhang)
        until(lambda: status(zhang)["plugs"][0] == 1, "the plug is not taken")
        in_state(number, "finished")
        until(lambda: status(zhang)["plugs"][0] == 0, "the plug is not free")
        row = zhang.records()[0]
        assert (row["cmdStatus"], row["elapsedTime"]) == (2, "4小时0分")
        assert books_are_right()
        pile.send_signal(signal.SIGTERM)
        online(zhang, 0)


def test_a_device_that_refuses(rowless_uri: str, broker: str, device: Device) -> None:
    with wired(rowless_uri, broker) as app:
        zhang = rider(app)
        device(app, PILE, *FAST, "--refuse")
        online(zhang)
        number = zhang.number()
        pay(number, 101)
        assert zhang.start(number) == 4000
        gone_back(number, 101)
        assert books_are_right()


def test_the_operator_stops_a_device(rowless_uri: str, broker: str, device: Device) -> None:
    with wired(rowless_uri, broker) as app:
        zhang = rider(app)
        device(app, PILE, *FAST, "--speed", "60")
        online(zhang)
        number = charge(zhang)
        time.sleep(0.5)
        settling.stop(order_no=number)
        in_state(number, "finished")
        gone_back(number, 101 - 13)
        assert books_are_right()


def test_a_card_held_to_a_device(rowless_uri: str, broker: str, device: Device) -> None:
    with wired(rowless_uri, broker) as app:
        zhang = rider(app)
        zhang.call("bindCard", cardNo="34345799")
        zhang.recharge(250)
        device(app, PILE, *FAST, "--copies", "2", "--swipe", "02=34345799")
        until(lambda: zhang.records() != [], "the swipe does not come")
        number = zhang.records()[0]["orderNo"]
        in_state(number, "finished")
        assert len(zhang.records()) == 1
        assert ledger.of(zhang.user_id) == 150
        assert books_are_right()


def test_a_device_that_dies_reports_when_it_is_back(
    sqlite_uri: str, broker: str, device: Device, tmp_path: Path
) -> None:
    memory = str(tmp_path / "memory.json")
    with wired(sqlite_uri, broker) as app:
        zhang = rider(app)
        pile = device(app, PILE, *FAST, "--speed", "60")
        online(zhang)
        number = charge(zhang)
        pile.kill()
        online(zhang, 0)
        assert state(number) == "charging"
        # It comes back with what it had measured until the power went.
        end = {
            "msg_id": "e",
            "type": "finished",
            "plug": "01",
            "order_no": number,
            "seconds": 60,
            "at": int(time.time() * 1000),
        }
        Path(memory).write_text(json.dumps({"e": end}))
        device(app, PILE, *FAST, "--memory", memory)
        in_state(number, "finished")
        until(lambda: json.loads(Path(memory).read_text()) == {}, "it is not told that it was heard")
        gone_back(number, 101 - 13)
        assert books_are_right()


def test_what_is_said_while_no_gateway_runs_is_kept(sqlite_uri: str, broker: str, device: Device) -> None:
    with wired(sqlite_uri, broker, listening=False, WXSERVICES_CHARGING_START_TIMEOUT=3) as app:
        zhang = rider(app)
        device(app, PILE, *FAST)
        with listener(app):
            online(zhang)
            number = charge(zhang)
        time.sleep(4.5)
        assert state(number) == "charging"
        with listener(app):
            in_state(number, "finished")
        assert books_are_right()


def test_the_broker_restarts_in_a_session(sqlite_uri: str, own_broker: Mosquitto, device: Device) -> None:
    with wired(sqlite_uri, own_broker.address) as app:
        zhang = rider(app)
        device(app, PILE, *FAST)
        online(zhang)
        number = charge(zhang)
        waiting = zhang.number("02")
        pay(waiting, 101)
        own_broker.stop()
        reply = zhang.start(waiting, "02")
        if reply == 4000:
            gone_back(waiting, 101)
        else:  # the broker had the time to send the last wills, so that the number waits
            assert reply == 3004
        own_broker.start()
        in_state(number, "finished")
        online(zhang)
        assert state(charge(zhang, "03")) in ("charging", "finished")
        assert books_are_right()


def test_no_broker_at_all_costs_nothing(sqlite_uri: str, broker: str, device: Device) -> None:
    with wired(sqlite_uri, broker) as app:
        zhang = rider(app)
        device(app, PILE, *FAST)
        online(zhang)
        number = zhang.number()
        pay(number, 101)
        driver = current_driver()
        driver.close()
        object.__setattr__(driver._settings, "charging_mqtt_url", "mqtt://127.0.0.1:1")
        object.__setattr__(driver._settings, "charging_start_timeout", driver._settings.sms_timeout / 20)
        assert zhang.start(number) == 4000
        gone_back(number, 101)
        reconcile()
        assert books_are_right()


def test_rubbish_changes_nothing_and_stops_nobody(sqlite_uri: str, broker: str, device: Device) -> None:
    with wired(sqlite_uri, broker) as app:
        zhang = rider(app)
        device(app, PILE, *FAST)
        online(zhang)
        now = int(time.time() * 1000)
        good = {"msg_id": "m", "type": "finished", "plug": "01", "seconds": 1, "at": now}
        for topic, said in [
            (f"{PILE}/event", b"no JSON"),
            (f"{PILE}/event", b"x" * 100_000),
            (f"{PILE}/event", json.dumps({**good, "order_no": "201911210000000001"}).encode()),
            ("unknown/state", json.dumps({"state": "online", "session": now, "at": now}).encode()),
            ("unknown/plug/01", json.dumps({"status": 0, "at": now}).encode()),
            (f"{PILE}/plug/77", json.dumps({"status": 0, "at": now}).encode()),
            (f"{PILE}/plug/02", json.dumps({"status": 2, "at": now - 86_400_000}).encode()),
            (f"{PILE}/state", json.dumps({"state": "lost", "session": now - 86_400_000}).encode()),
        ]:
            publish(topic, said)
        number = charge(zhang)
        in_state(number, "finished")
        assert status(zhang)["status"] == 1
        assert status(zhang)["plugs"][1] == 0
