/**
 * All the script there is. It makes times relative, and on an event fetches the page again and puts the
 * new content in place, unless somebody is typing. Everything works without it.
 */
export const script = `"use strict";
(() => {
  const live = document.getElementById("live");
  const units = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];

  function relative(at) {
    const seconds = Math.round((at - Date.now()) / 1000);
    const size = Math.abs(seconds);
    if (size < 5) return "now";
    const [step, unit] = units.find(([length]) => size >= length);
    const amount = Math.floor(size / step) + " " + unit;
    return seconds < 0 ? amount + " ago" : "in " + amount;
  }

  function countdown(left) {
    const minutes = Math.floor(left / 60);
    if (minutes >= 60) return Math.floor(minutes / 60) + " h " + (minutes % 60) + " min";
    return minutes + ":" + String(left % 60).padStart(2, "0");
  }

  function tick() {
    for (const time of document.querySelectorAll("time[data-relative]")) {
      put(time, relative(Date.parse(time.dateTime)));
    }
    for (const time of document.querySelectorAll("time[data-countdown]")) {
      const left = Math.floor((Date.parse(time.dateTime) - Date.now()) / 1000);
      put(time, left > 0 ? "in " + countdown(left) : "expired");
      time.classList.toggle("soon", left > 0 && left < 60);
      if (left <= 0) {
        const buttons = time.closest("article")?.querySelectorAll(".decide button") ?? [];
        for (const button of buttons) button.disabled = true;
      }
    }
  }

  function put(time, words) {
    if (time.textContent !== words) time.textContent = words;
    const local = new Date(time.dateTime).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "long" });
    if (time.title !== local) time.title = local;
  }

  function isTyping() {
    const main = document.getElementById("main");
    const field = document.activeElement?.closest("#main input, #main textarea, #main select");
    if (field) return true;
    return [...main.querySelectorAll("input, textarea")].some(
      (each) => each.type !== "hidden" && each.value !== each.defaultValue,
    );
  }

  function say(text, withReload) {
    live.hidden = false;
    live.replaceChildren(text);
    if (!withReload) return;
    const link = document.createElement("a");
    link.href = location.href;
    link.textContent = "Reload";
    live.append(" ", link);
  }

  // A plan that has just come up must not catch a tap meant for what stood there before.
  function holdNewPlans(main, known) {
    for (const forms of main.querySelectorAll("[data-digest]")) {
      if (known.has(forms.dataset.digest)) continue;
      forms.inert = true;
      forms.classList.add("held");
      setTimeout(() => {
        forms.inert = false;
        forms.classList.remove("held");
      }, 900);
    }
  }

  // What the clock alone changes is no change, and a press must end on the button it began on.
  function same(main, fresh) {
    const bare = (node) => {
      const copy = node.cloneNode(true);
      for (const time of copy.querySelectorAll("time")) time.replaceWith(time.dateTime);
      for (const flash of copy.querySelectorAll(".flash")) flash.remove();
      for (const held of copy.querySelectorAll("[data-digest]")) {
        held.inert = false;
        held.classList.remove("held");
      }
      for (const details of copy.querySelectorAll("details")) details.removeAttribute("open");
      return copy.innerHTML;
    };
    return bare(main) === bare(fresh);
  }

  let isPressing = false;
  addEventListener("pointerdown", () => { isPressing = true; }, true);
  for (const end of ["click", "pointercancel"]) addEventListener(end, () => { isPressing = false; }, true);
  addEventListener("pointerup", () => setTimeout(() => { isPressing = false; }, 50), true);

  function swap(page) {
    const main = document.getElementById("main");
    const fresh = page.getElementById("main");
    if (same(main, fresh)) return;
    const known = new Set([...main.querySelectorAll("[data-digest]")].map((each) => each.dataset.digest));
    const opened = [...main.querySelectorAll("details[open][id]")].map((each) => each.id);
    const focused = document.activeElement?.id;
    document.title = page.title;
    const header = document.querySelector("body > header");
    if (!header.contains(document.activeElement)) header.replaceWith(page.querySelector("body > header"));
    const flash = performance.now() < 10_000 && main.querySelector(".flash");
    if (flash && !fresh.querySelector(".flash")) fresh.prepend(flash);
    main.replaceWith(fresh);
    for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
    holdNewPlans(fresh, known);
    if (focused && focused !== "main") document.getElementById(focused)?.focus({ preventScroll: true });
    tick();
  }

  let timer = null;
  let isBusy = false;
  let isStale = false;

  function refreshSoon() {
    isStale = true;
    timer ??= setTimeout(refresh, 120);
  }

  async function refresh() {
    timer = null;
    if (isBusy || document.getElementById("main").dataset.live === "off") return;
    if (isTyping()) return say("This page has changed.", true);
    if (isPressing) return refreshSoon();
    isBusy = true;
    isStale = false;
    try {
      const answer = await fetch(location.href, { headers: { accept: "text/html" }, cache: "no-store" });
      if (answer.status === 401) return location.reload();
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (isTyping()) return say("This page has changed.", true);
      if (isPressing) isStale = true;
      else if (page.getElementById("main")) swap(page);
      live.hidden = true;
    } catch {
      say("No connection. What you see may be old.", true);
    } finally {
      isBusy = false;
      if (isStale && timer === null && live.hidden) refreshSoon();
    }
  }

  let source = null;
  function listen() {
    if (source !== null) return;
    source = new EventSource("/api/events");
    // Also the first time: something may have changed between the page and the stream.
    source.addEventListener("open", () => {
      document.documentElement.dataset.stream = "open";
      refreshSoon();
    });
    source.addEventListener("incident", refreshSoon);
    source.addEventListener("status", refreshSoon);
    source.addEventListener("error", () => {
      document.documentElement.dataset.stream = "lost";
      if (source?.readyState === EventSource.CLOSED) say("Live updates have ended.", true);
    });
  }

  // Browsers allow few connections to one host: a page nobody looks at gives its own back.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      source?.close();
      source = null;
    } else {
      listen();
      refreshSoon();
    }
  });
  addEventListener("pagehide", () => { source?.close(); source = null; });
  addEventListener("pageshow", (event) => { if (event.persisted) { listen(); refreshSoon(); } });

  const url = new URL(location.href);
  const flash = url.searchParams.get("flash") ?? "";
  if (flash !== "" && !flash.startsWith("must_type")) {
    url.searchParams.delete("flash");
    history.replaceState(null, "", url);
  }

  // A second press while the first is on its way would only be told that nothing changed.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "yes";
    setTimeout(() => delete form.dataset.sent, 4000);
  });

  tick();
  setInterval(tick, 1000);
  if (!document.hidden) listen();
})();
`;
