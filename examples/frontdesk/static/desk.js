"use strict";

const main = document.querySelector("main");
const rows = document.querySelector("tbody");
const connection = document.querySelector("#connection");
const rowOf = new Map();

// An appointment has no id in the lists: who, and when, is as good as one.
const keyOf = (row) => [row.open_id, row.hour, row.minute, row.status].join(" ");
const two = (number) => String(number).padStart(2, "0");

async function ask(url) {
  const response = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ date: main.dataset.today }),
  });
  const reply = await response.json();
  if (reply.error_no) throw new Error(reply.error_msg);
  return reply.data;
}

function show(appointment) {
  const row = rows.insertRow();
  for (const text of [`${two(appointment.hour)}:${two(appointment.minute)}`, appointment.name, appointment.phone_num]) {
    row.insertCell().textContent = text;
  }
  row.insertCell().textContent = appointment.status ? "已取消" : "未签到";
  row.classList.toggle("cancelled", Boolean(appointment.status));
  return row;
}

function light(row) {
  row.cells[3].textContent = "已签到";
  row.classList.add("came", "new");
}

// One at a time: notices that come while the lists are being asked for are answered by asking once more.
let asking = null;
let again = false;

async function refresh() {
  if (asking) {
    again = true;
    return;
  }
  asking = true;
  try {
    do {
      again = false;
      const [booked, came] = await Promise.all([ask("/admin/appointment/list"), ask("/admin/signin-appointment/list")]);
      const signedIn = new Set(came.map(keyOf));
      const first = rowOf.size === 0;
      const before = new Set([...rowOf].filter(([, row]) => row.classList.contains("came")).map(([key]) => key));
      rows.replaceChildren();
      rowOf.clear();
      for (const appointment of booked.reverse()) {
        const row = show(appointment);
        const key = keyOf(appointment);
        rowOf.set(key, row);
        if (signedIn.has(key)) light(row);
        if (first || before.has(key)) row.classList.remove("new");
      }
      document.querySelector("#came").textContent = came.length;
      document.querySelector("#booked").textContent = booked.filter((each) => !each.status).length;
    } while (again);
  } catch (error) {
    connection.textContent = error.message;
  } finally {
    asking = null;
  }
}

function listen() {
  const ws = new WebSocket(`${location.origin.replace("http", "ws")}/ws/signin-notify`);
  ws.onopen = () => {
    connection.textContent = "在线";
    refresh(); // what was missed is in the list
  };
  ws.onmessage = () => refresh();
  ws.onclose = () => {
    connection.textContent = "连接断开，正在重连";
    setTimeout(listen, 1000);
  };
}

listen();
