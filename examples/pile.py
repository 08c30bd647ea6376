"""A charging pile that keeps wxservices' MQTT contract (docs/piles.md): to try things with, and to build from.

    python examples/pile.py 014441AC53 --plugs 10 --speed 3600

With ``--speed 3600`` an hour passes in a second.  ``--memory FILE`` keeps unheard reports over a power cut.
"""

import argparse
import json
import pathlib
import signal
import threading
import time

import paho.mqtt.client as mqtt

options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
options.add_argument("device")
options.add_argument("--host", default="127.0.0.1")
options.add_argument("--port", type=int, default=1883)
options.add_argument("--prefix", default="piles")
options.add_argument("--plugs", type=int, default=10)
options.add_argument("--speed", type=float, default=1, help="seconds of charging in a second")
options.add_argument("--heartbeat", type=float, default=60, help="seconds")
options.add_argument("--resend", type=float, default=15, help="seconds")
options.add_argument("--copies", type=int, default=1, help="send everything so often, as QoS 1 may do, too")
options.add_argument("--refuse", action="store_true", help="take no start command")
options.add_argument("--swipe", metavar="PLUG=CARD", help="a card is held to it at the beginning")
options.add_argument("--memory", type=pathlib.Path)
args = options.parse_args()
own, connected_at = f"{args.prefix}/{args.device}/", int(time.time() * 1000)
sessions = {}  # by plug: what charges there
answers = {}  # by order: what a start was answered, for one that comes again
unheard = json.loads(args.memory.read_text()) if args.memory and args.memory.exists() else {}
lock = threading.RLock()


def say(topic, retain=False, **message):
    for _ in range(args.copies):
        client.publish(own + topic, json.dumps({"at": int(time.time() * 1000), **message}), qos=1, retain=retain)


def say_until_heard(**message):
    unheard[message["msg_id"]] = {"at": int(time.time() * 1000), **message}
    remember()
    say("event", **unheard[message["msg_id"]])


def remember():
    if args.memory:
        args.memory.write_text(json.dumps(unheard))


def say_all(*_):
    say("state", retain=True, state="online", session=connected_at)
    for plug in (f"{number + 1:02}" for number in range(args.plugs)):
        say(f"plug/{plug}", retain=True, status=int(plug in sessions))


def ran(session):
    seconds = int((time.monotonic() - session["since"]) * args.speed)
    return min(seconds, session["limit"] or seconds)


def finish(plug, reason):
    session = sessions.pop(plug)
    about = {"plug": plug, "order_no": session["order_no"], "seconds": ran(session), "reason": reason}
    say_until_heard(msg_id=f"e-{session['order_no'][:60]}", type="finished", **about)
    say(f"plug/{plug}", retain=True, status=0)


def start(plug, order_no, msg_id, limit):
    if order_no not in answers:
        answers[order_no] = "refused" if args.refuse or plug in sessions else "accepted"
        if answers[order_no] == "accepted":
            sessions[plug] = {"order_no": order_no, "since": time.monotonic(), "limit": limit}
            print("start", order_no, flush=True)
    say("ack", msg_id=msg_id, order_no=order_no, plug=plug, result=answers[order_no])
    say(f"plug/{plug}", retain=True, status=int(plug in sessions))


def obey(_client, _data, message):
    command = json.loads(message.payload)
    with lock:
        if message.topic.endswith("/heard"):
            unheard.pop(command["msg_id"], None)
            remember()
        elif command["expires_at"] < time.time() * 1000:
            return
        elif command["action"] == "query":
            say_all()
        elif command["action"] == "start":
            start(command["plug"], command["order_no"], command["msg_id"], command.get("seconds"))
        elif sessions.get(command["plug"], {}).get("order_no") == command["order_no"]:
            finish(command["plug"], "stopped")


def connected(*_):
    client.subscribe([(own + "cmd", 1), (own + "heard", 1)])
    say_all()
    if args.swipe:
        (plug, card_no), args.swipe = args.swipe.split("="), None
        say_until_heard(msg_id=f"s-{connected_at}", type="swiped", plug=plug, card_no=card_no)
    print("ready", flush=True)


def every(seconds, do, last={}):  # noqa: B006
    if time.monotonic() - last.setdefault(do, time.monotonic()) >= seconds:
        last[do] = time.monotonic()
        do()


def beat():
    say("state", retain=True, state="online", session=connected_at)
    for plug, session in sessions.items():
        about = {"plug": plug, "order_no": session["order_no"], "seconds": ran(session)}
        say("event", msg_id=f"p-{plug}", type="progress", **about)


def resend():
    for message in unheard.values():
        say("event", **message)


client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=f"pile-{own}".replace("/", "-"), clean_session=False)
client.will_set(own + "state", json.dumps({"state": "lost", "session": connected_at}), qos=1, retain=True)
client.on_connect, client.on_message = connected, obey
client.connect(args.host, args.port, keepalive=max(1, int(args.heartbeat)))
client.loop_start()
going = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: going.set())
while not going.wait(0.05):
    with lock:
        for plug, session in list(sessions.items()):
            if session["limit"] and ran(session) == session["limit"]:
                finish(plug, "full")
        every(args.heartbeat, beat)
        every(args.resend, resend)
say("state", retain=True, state="lost", session=connected_at)
time.sleep(0.2)
client.disconnect()
