// Makes pages a little better; every page works without it.
"use strict";
(() => {
  // How many issues a button would create.
  function countTicked() {
    const button = document.querySelector("button[data-ticked]");
    if (!button) return;
    const boxes = [...document.querySelectorAll('input[name="item"]')];
    const ticked = boxes.filter((box) => box.checked).length;
    const all = ticked === boxes.length;
    const [verb, one, many] = button.dataset.words.split(" ");
    button.textContent = `${verb} ${ticked} ${ticked === 1 ? one : many}`;
    button.disabled = ticked === 0;
    for (const other of document.querySelectorAll('button[formaction$="/drop"], button[name="all"]')) other.hidden = all;
  }
  document.addEventListener("change", (event) => {
    if (event.target.name === "item") countTicked();
  });

  // An issue and the parts of the specification that it comes from light up together.
  function light(event, on) {
    const source = event.target.closest?.("[data-item], [data-block]");
    for (const lit of document.querySelectorAll(".lit")) lit.classList.remove("lit");
    if (!source || !on) return;
    const items = new Set();
    const blocks = new Set();
    if (source.dataset.item) {
      items.add(source.dataset.item);
      for (const row of document.querySelectorAll("tr[data-items]")) {
        if (row.dataset.items.split(" ").includes(source.dataset.item)) blocks.add(row.dataset.block);
      }
    } else {
      blocks.add(source.dataset.block);
      const row = document.getElementById(source.dataset.block);
      for (const item of (row?.dataset.items || "").split(" ").filter(Boolean)) items.add(item);
    }
    for (const part of document.querySelectorAll("[data-item]")) {
      if (items.has(part.dataset.item)) part.classList.add("lit");
    }
    for (const row of document.querySelectorAll("tr[data-block]")) {
      if (blocks.has(row.dataset.block)) row.classList.add("lit");
    }
  }
  document.addEventListener("mouseover", (event) => light(event, true));
  document.addEventListener("focusin", (event) => light(event, true));

  // "3 minutes ago" goes on: counted from the server's clock, whatever this machine's says.
  const seen = new WeakMap();
  function ago(apart, ahead) {
    if (apart < 5) return "just now";
    const [size, unit] = apart < 60 ? [1, "second"] : apart < 3600 ? [60, "minute"] : apart < 36 * 3600 ? [3600, "hour"] : [86400, "day"];
    const count = Math.floor(apart / size);
    const words = `${count} ${unit}${count === 1 ? "" : "s"}`;
    return ahead ? `in ${words}` : `${words} ago`;
  }
  function tick() {
    for (const time of document.querySelectorAll("time[data-now]")) {
      if (!seen.has(time)) seen.set(time, performance.now());
      const now = Date.parse(time.dataset.now) + performance.now() - seen.get(time);
      const apart = (now - Date.parse(time.dateTime)) / 1000;
      if (!(Math.abs(apart) < 30 * 86400)) continue;
      const words = ago(Math.abs(apart), apart < 0);
      if (time.textContent !== words) time.textContent = words;
    }
  }
  tick();
  setInterval(tick, 30000);
  document.addEventListener("visibilitychange", tick);

  // The menu goes by a click beside it, by Escape, and when the focus leaves it.
  const menu = document.getElementById("me");
  function shut(event) {
    if (!menu?.open || (event.key ? event.key !== "Escape" : menu.contains(event.target))) return;
    if (event.key && menu.contains(document.activeElement)) menu.querySelector("summary").focus();
    menu.open = false;
  }
  for (const way of ["click", "focusin", "keydown"]) document.addEventListener(way, shut);

  // On a narrow screen the row of tabs scrolls.
  document.querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });

  // A form is sent once.
  document.addEventListener("submit", (event) => {
    if (event.target.dataset.sent) event.preventDefault();
    else event.target.dataset.sent = "yes";
  });
  addEventListener("pageshow", () => {
    for (const form of document.forms) delete form.dataset.sent;
  });

  // A part that waits for something looks again by itself, until what is there waits no more.
  function lookAgain(part) {
    if (!part?.dataset.look) return;
    setTimeout(async () => {
      try {
        const answer = await fetch(location.href, { credentials: "same-origin" });
        const there = answer.ok && new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(part.id);
        if (there && there.outerHTML !== part.outerHTML) {
          part.replaceChildren(...there.childNodes);
          if (!there.dataset.look) delete part.dataset.look;
        }
      } catch {
        // The server is away for a moment.
      }
      lookAgain(part);
    }, 1000 * part.dataset.look);
  }
  for (const part of document.querySelectorAll("[data-look]")) lookAgain(part);

  // What is shown once can be copied by a button.
  for (const button of document.querySelectorAll("button[data-copies]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const field = document.getElementById(button.dataset.copies);
      field.select();
      try {
        await navigator.clipboard.writeText(field.value);
        button.textContent = "Copied";
      } catch {
        button.textContent = "Selected: copy it with the keyboard";
      }
    });
  }

  // A run's page as the run goes on: parts that changed are put in the place of the old ones.
  const run = document.querySelector("[data-live]");
  const known = new Map();
  for (const part of document.querySelectorAll("[data-part]")) known.set(part.id, part.outerHTML);
  // Where the focus is: an element without an id is known by its way down from its part.
  function focusWithin(old) {
    const at = document.activeElement;
    if (!at || at === old || !old.contains(at)) return () => {};
    const way = [];
    for (let step = at; step !== old; step = step.parentElement) way.unshift([...step.parentElement.children].indexOf(step));
    return (part) => {
      const there = at.id ? document.getElementById(at.id) : way.reduce((step, index) => step?.children[index], part);
      if (there?.tagName === at.tagName) there.focus({ preventScroll: true });
    };
  }
  function takeIn(html) {
    const fresh = new DOMParser().parseFromString(html, "text/html");
    const plan = (side) => side.getElementById("run-deeds")?.dataset.plan;
    const samePlan = plan(fresh) === plan(document);
    for (const part of fresh.querySelectorAll("[data-part]")) {
      const old = document.getElementById(part.id);
      if (!old) continue;
      const text = part.outerHTML;
      if (known.get(part.id) === text) continue;
      known.set(part.id, text);
      keep(old, part, samePlan);
      const focusAgain = focusWithin(old);
      old.replaceWith(part);
      focusAgain(part);
    }
    // A part that was not there before comes with its whole surroundings.
    const missing = [...fresh.querySelectorAll("[data-part]")].some((part) => !document.getElementById(part.id));
    if (missing) {
      const focusAgain = focusWithin(run);
      run.replaceChildren(...fresh.body.childNodes);
      focusAgain(run);
    }
    const head = document.getElementById("run-head");
    const told = document.getElementById("told");
    if (told?.dataset.holds && !told.dataset.holds.split(" ").includes(head?.dataset.state)) told.remove();
    const said = head?.dataset.said;
    const heard = document.getElementById("heard");
    if (heard && said && heard.textContent !== said) heard.textContent = said;
    countTicked();
    tick();
  }
  // What the person has opened, ticked and scrolled stays so, while the plan is the same.
  function keep(old, part, samePlan) {
    for (const open of old.querySelectorAll("details[open][id]")) {
      const again = part.querySelector(`#${CSS.escape(open.id)}`);
      if (again) again.open = true;
    }
    for (const box of samePlan ? old.querySelectorAll('input[name="item"]') : []) {
      const again = part.querySelector(`#${CSS.escape(box.id)}`);
      if (again && box.checked !== box.defaultChecked) again.checked = box.checked;
    }
    for (const text of old.querySelectorAll("textarea[id]")) {
      const again = part.querySelector(`#${CSS.escape(text.id)}`);
      if (again) again.value = text.value;
    }
    const [from, to] = [old, part].map((side) => side.querySelector("[data-keep-scroll]"));
    if (from && to) requestAnimationFrame(() => to.scrollTo(from.scrollLeft, from.scrollTop));
  }
  function listen(tries) {
    const source = new EventSource(run.dataset.live);
    source.addEventListener("page", (event) => {
      tries = 0;
      takeIn(event.data);
    });
    source.addEventListener("last", (event) => {
      source.close();
      takeIn(event.data);
    });
    source.addEventListener("gone", () => {
      source.close();
      location.reload();
    });
    source.addEventListener("error", () => {
      if (source.readyState !== EventSource.CLOSED) return;
      if (tries < 5) setTimeout(() => listen(tries + 1), 3000 * (tries + 1));
      else document.getElementById("heard").textContent = "Live updates have stopped. Reload the page.";
    });
    addEventListener("pagehide", () => source.close(), { once: true });
  }
  if (run && "EventSource" in window) listen(0);
  countTicked();
})();
