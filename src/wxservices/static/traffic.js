// The booking pages.  The server decides everything; this only spares the person trips and typing.
"use strict";

(() => {
  const PREFIX = "wxservices.traffic.";
  const NUMBERS = ["phone", "verifycode", "userid", "carnumber"]; // often pasted with blanks, hyphens or a dot
  const PAUSE = 60; // seconds between two codes
  const PATIENCE = 30; // seconds to wait for an answer

  // Does `refresh` when the browser shows a page that it kept alive, with what was true when it was left.
  function onReturn(refresh) {
    addEventListener("pageshow", (event) => {
      if (event.persisted) refresh();
    });
  }

  // What a tab remembers: over a reload in its storage, and for as long as the page is there where that is refused.
  const memory = {};

  function recall(name) {
    try {
      return JSON.parse(sessionStorage.getItem(PREFIX + name));
    } catch (error) {
      return memory[name];
    }
  }

  function remember(name, value) {
    memory[name] = value;
    try {
      sessionStorage.setItem(PREFIX + name, JSON.stringify(value));
    } catch (error) {
      // memory has it
    }
  }

  async function call(url, parameters) {
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), PATIENCE * 1000);
    try {
      const response = await fetch(url, {
        method: "POST",
        headers: { "Content-Type": "application/json", Accept: "application/json" },
        credentials: "same-origin",
        signal: controller.signal,
        body: JSON.stringify(parameters),
      });
      return await response.json();
    } catch (error) {
      return { retcode: "", regmsg: "网络异常，请稍后再试" };
    } finally {
      clearTimeout(timer);
    }
  }

  // A message, the field's name before it (if it has one), and what remains for people.
  function split(message) {
    return /^(?:([a-z]+) )?([^]*)$/.exec(message || "系统异常，请稍后再试");
  }

  function orderForm(form) {
    const fields = form.querySelector("fieldset");
    const refused = document.getElementById("refused");
    const verify = document.getElementById("verify");
    const confirm = document.getElementById("confirm");
    const sent = document.getElementById("sent");
    const draft = form.elements.busitype.value;
    const done = form.dataset.then;
    let tick = 0;

    const places = Array.from(form.querySelectorAll(".fault"));
    const nameOf = (place) => place.id.slice("fault-".length);
    const typed = () => Array.from(form.querySelectorAll("input:not([type=hidden])"));
    const control = (name) => form.querySelector(`[aria-describedby="fault-${name}"]`);

    function value(name) {
      const text = form.elements[name].value.trim();
      return NUMBERS.includes(name) ? text.replace(/[\s·•-]/g, "") : text;
    }

    function fault(name, message) {
      document.getElementById("fault-" + name).textContent = message;
      if (message) control(name).setAttribute("aria-invalid", "true");
      else control(name).removeAttribute("aria-invalid");
    }

    function clear() {
      refused.textContent = "";
      for (const place of places) fault(nameOf(place), "");
    }

    // Says so beside each of the fields that is empty, and answers whether there is one.
    function lacks(names) {
      const empty = names.filter((name) => !value(name));
      for (const name of empty) fault(name, document.getElementById("fault-" + name).dataset.missing);
      if (empty.length) control(empty[0]).focus();
      return empty.length > 0;
    }

    // "phone 格式不正确" and "手机号格式不正确" go beside the phone; what names no field of the page beside `otherwise`.
    function refuse(reply, otherwise) {
      const [, named, reason] = split(reply.regmsg);
      const place = places.find(({ id, dataset }) => id === "fault-" + named || reason.startsWith(dataset.label));
      const name = place ? nameOf(place) : otherwise;
      if (name) {
        fault(name, reason);
        control(name).focus();
      } else {
        refused.textContent = reason;
        confirm.focus();
      }
    }

    function countDown() {
      clearTimeout(tick);
      const left = Math.ceil((recall("verify") - Date.now()) / 1000);
      const waiting = left > 0 && left <= PAUSE;
      verify.disabled = waiting;
      verify.textContent = waiting ? `${left}秒后重发` : "获取验证码";
      if (waiting) tick = setTimeout(countDown, 250);
    }

    verify.addEventListener("click", async (event) => {
      event.preventDefault();
      clear();
      sent.textContent = "";
      if (lacks(["phone"])) return;
      const phone = value("phone");
      verify.disabled = true;
      const reply = await call(verify.formAction, { phone });
      if (reply.retcode !== "0000") {
        verify.disabled = false;
        refuse(reply, "verifycode");
        return;
      }
      remember("verify", Date.now() + PAUSE * 1000);
      countDown();
      sent.textContent = `验证码已发送至 ${phone.slice(0, 3)}****${phone.slice(-4)}`;
      form.elements.verifycode.focus();
    });

    confirm.addEventListener("click", async (event) => {
      event.preventDefault();
      if (fields.disabled) return;
      clear();
      const names = places.map(nameOf);
      if (lacks(names)) return;
      const order = { busitype: draft };
      for (const name of names) order[name] = value(name);
      busy(true);
      const reply = await call(form.action, order);
      if (reply.retcode === "0000") {
        remember(draft, null);
        location.replace(done);
        return;
      }
      busy(false);
      refuse(reply, "");
    });

    function busy(is) {
      fields.disabled = is;
      confirm.setAttribute("aria-busy", String(is));
      if (!is) countDown();
    }

    // Enter in a field means the page's own button, not the first one in it.
    form.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.isComposing || event.target.tagName !== "INPUT") return;
      event.preventDefault();
      confirm.click();
    });

    form.addEventListener("input", (event) => {
      fault(event.target.name, "");
      remember(draft, Object.fromEntries(typed().map((input) => [input.name, input.value])));
    });

    for (const [name, text] of Object.entries(recall(draft) || {})) {
      if (form.elements[name]) form.elements[name].value = text;
    }
    busy(false); // Firefox keeps a button's state over a reload
    onReturn(() => location.reload());
  }

  function timeForm(form) {
    const slots = document.getElementById("slots");
    const none = document.getElementById("none");
    const refused = document.getElementById("refused");
    const template = document.getElementById("slot");
    const clock = (time) => `${time.slice(0, 2)}:${time.slice(2)}`;
    let asked = "";

    function tile(period) {
      const made = template.content.cloneNode(true);
      const input = made.querySelector("input");
      const full = period.status !== "0";
      input.id = made.querySelector("label").htmlFor = "time-" + period.timeid;
      input.value = period.timeid;
      input.disabled = full;
      input.checked = !full && period.timeid === form.dataset.chosen;
      made.querySelector(".tile-text").textContent = `${clock(period.starttime)}–${clock(period.endtime)}`;
      made.querySelector(".tile-note").textContent = full ? "约满" : "可预约";
      return made;
    }

    async function show(day) {
      asked = day.value;
      slots.setAttribute("aria-busy", "true");
      const reply = await call(form.dataset.times, { date: day.value, busitype: form.elements.busitype.value });
      if (asked !== day.value) return; // another day was chosen meanwhile
      slots.removeAttribute("aria-busy");
      slots.textContent = none.textContent = "";
      if (reply.retcode !== "0000") {
        refused.textContent = split(reply.regmsg)[2];
        return;
      }
      for (const period of reply.timelist) slots.append(tile(period));
      if (!reply.timelist.length) none.textContent = day.dataset.rest ? "休息日，暂无可预约时间" : "该日暂无可预约时间";
      else if (reply.timelist.every((period) => period.status !== "0")) none.textContent = "该日已无可约时间，请选择其他日期";
    }

    form.addEventListener("change", (event) => {
      refused.textContent = "";
      if (event.target.name === "date") show(event.target);
    });
    form.addEventListener("submit", (event) => {
      if (form.querySelector("[name=timeid]:checked")) return;
      event.preventDefault();
      refused.textContent = "请选择时间段";
      form.querySelector("[name=timeid]:enabled, [name=date]:checked").focus();
    });
    const refresh = () => show(form.querySelector("[name=date]:checked"));
    refresh();
    onReturn(refresh);
  }

  // Unfolds what holds the business chosen before.
  function businessForm(form) {
    const chosen = form.querySelector(":checked");
    let branch = chosen && chosen.closest("details");
    for (; branch; branch = branch.parentElement.closest("details")) branch.open = true;
  }

  const pages = { order: orderForm, time: timeForm, business: businessForm };
  for (const [id, start] of Object.entries(pages)) {
    const form = document.getElementById(id);
    if (form) start(form);
  }
})();
