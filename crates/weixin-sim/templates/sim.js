// Behavior of the simulator's pages. They are whole without it, except for what is live.
"use strict";
(() => {
  const root = document.documentElement;
  const kept = (key) => { try { return localStorage.getItem("weixin-sim." + key); } catch { return null; } };
  const keep = (key, value) => { try { localStorage.setItem("weixin-sim." + key, value); } catch { /* a private window */ } };
  const paint = () => { const theme = kept("theme"); if (theme) { root.dataset.theme = theme; } };
  paint();
  addEventListener("storage", paint);
  const framed = window.self !== window.top;
  if (framed) { root.classList.add("framed"); }

  const $ = (css, from = document) => from.querySelector(css);
  const $$ = (css, from = document) => [...from.querySelectorAll(css)];
  const say = (en, zh) => (root.lang.startsWith("zh") ? zh : en);
  const sleep = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

  // Changes only what differs, so that focus, scroll positions, open folds and typed texts stay.
  const KEPT = new Set(["open", "data-tab", "style"]);
  function morph(from, to) {
    if (from.nodeType !== Node.ELEMENT_NODE) {
      if (from.data !== to.data) { from.data = to.data; }
      return;
    }
    if (from.tagName === "IFRAME" || from.isEqualNode(to)) { return; }
    for (const { name, value } of [...to.attributes]) {
      if (!KEPT.has(name) && from.getAttribute(name) !== value) { from.setAttribute(name, value); }
    }
    for (const { name } of [...from.attributes]) {
      if (!KEPT.has(name) && !to.hasAttribute(name)) { from.removeAttribute(name); }
    }
    children(from, to);
  }
  // `form.id` is its field of that name, if it has one.
  const id = (node) => node.getAttribute?.("id") || "";
  function children(from, to) {
    const known = new Map([...from.children].filter(id).map((element) => [id(element), element]));
    const wanted = new Set([...to.children].map(id).filter(Boolean));
    let at = from.firstChild;
    // Moving an element would close a dialog and load a frame again, so what is in the way is removed instead.
    const clear = (match) => {
      while (at && at !== match && !wanted.has(id(at))) { const next = at.nextSibling; at.remove(); at = next; }
    };
    for (const next of [...to.childNodes]) {
      const fits = at && !id(at) && !id(next) && at.nodeName === next.nodeName;
      const match = id(next) ? known.get(id(next)) : fits ? at : null;
      if (!match) { from.insertBefore(next, at); continue; }
      clear(match);
      if (match === at) { at = at.nextSibling; } else { from.insertBefore(match, at); }
      morph(match, next);
    }
    while (at) { const next = at.nextSibling; at.remove(); at = next; }
  }
  function apply(part, html) {
    const template = document.createElement("template");
    template.innerHTML = html.trim();
    const before = $("#status", part)?.textContent;
    children(part, template.content);
    const after = $("#status", part)?.textContent;
    if (before && after && before !== after) { $("#live").textContent = after; }
    shown = Date.now();
    prefer();
    const step = new URLSearchParams(location.search).get("step");
    if (step && step !== seen) { $(".arrow[aria-current]")?.scrollIntoView({ block: "nearest" }); }
    seen = step;
  }
  // The phone beside a QR page or a diagram offers to scan that login first.
  function prefer() {
    if (!framed) { return; }
    let outside;
    try { outside = window.parent.document; } catch { return; }
    const login = $(".login[aria-current=true]", outside)?.id.slice("login-".length);
    const uuid = outside.body.dataset.uuid;
    const mine = uuid ? $("#wait-" + CSS.escape(uuid)) : login && $(`[data-login="${CSS.escape(login)}"]`);
    if (!mine) { return; }
    for (const card of $$("[data-login]")) {
      card.style.order = card === mine ? -1 : 0;
      $(".scan", card).classList.toggle("main", card === mine);
    }
  }

  // The live part: one long poll, which starts again when the address changes.
  let part, version, abort, seen, shown = Date.now();
  const address = () => {
    const query = new URLSearchParams(location.search);
    query.set("after", version);
    return part.dataset.live + "?" + query;
  };
  async function poll() {
    for (;;) {
      abort = new AbortController();
      try {
        const response = await fetch(address(), { signal: abort.signal });
        if (!response.ok) { throw new Error(response.status); }
        const html = await response.text(), next = response.headers.get("x-version");
        lost(false);
        // Without content, nothing has changed.
        if (response.status !== 204 && next !== version) { version = next; apply(part, html); tell(); }
        await sleep(150);
      } catch (error) {
        if (error.name === "AbortError") { continue; }
        await lost(true);
      }
    }
  }
  // The phone in its frame shows what waits; it has no poll of its own.
  const tell = () => $("#phone-frame")?.contentWindow?.postMessage("changed", location.origin);
  let retry = () => {}, failures = 0;
  async function lost(is) {
    failures = is ? failures + 1 : 0;
    // One failure may be a connection that ended.
    if (failures === 1) { return sleep(300); }
    const banner = $("#offline");
    $("#phone-frame")?.toggleAttribute("inert", is);
    if (!banner) { return is ? sleep(2000) : undefined; }
    if (banner.hidden && is) { $("[data-since]", banner).textContent = new Date(shown).toLocaleTimeString(); }
    banner.hidden = !is;
    if (!is) { return; }
    const soon = new Promise((now) => { retry = now; });
    for (let left = 3; left > 0; left--) {
      $("[data-retry]", banner).textContent = say(`trying again in ${left} s`, `${left} 秒后重试`);
      if (await Promise.race([sleep(1000), soon.then(() => true)])) { return; }
    }
  }
  function go(url, replace) {
    history[replace ? "replaceState" : "pushState"](null, "", url);
    version = "";
    abort?.abort();
  }
  async function send(form, button) {
    const body = new URLSearchParams(new FormData(form, button));
    const action = button?.getAttribute("formaction") || form.action;
    const response = await fetch(action, { method: "POST", body, redirect: "manual" });
    if (response.type === "opaqueredirect") {
      const dialog = form.closest("dialog");
      if (dialog?.id === "reset") { dialog.close(); go("/_sim/"); }
      form.closest("details.menu")?.removeAttribute("open");
      toast(say("Done", "已完成"));
    } else {
      const { error } = await response.json().catch(() => ({}));
      toast(error ? error.field + ": " + error.rule : response.status);
    }
  }

  let timer;
  function toast(text) {
    // A dialog covers what is outside of it.
    let box = $((document.querySelector("dialog[open]") ? "dialog[open] " : "body > ") + ".toast");
    if (!box) {
      box = document.createElement("div");
      box.className = "toast";
      box.setAttribute("role", "status");
      ($("dialog[open]") || document.body).append(box);
    }
    box.textContent = text;
    box.classList.add("on");
    clearTimeout(timer);
    timer = setTimeout(() => box.classList.remove("on"), 1800);
  }
  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
      toast(say("Copied", "已复制"));
    } catch { toast(say("Select and copy by hand", "请手动选择并复制")); }
  }

  function tab(name) {
    const panes = $(".panes");
    if (!panes) { return; }
    panes.dataset.tab = name;
    for (const button of $$("[data-tab-to]")) { button.setAttribute("aria-pressed", button.dataset.tabTo === name); }
  }

  addEventListener("click", (event) => {
    const hit = (css) => event.target.closest(css);
    for (const menu of $$("details.menu[open]")) { if (!menu.contains(event.target)) { menu.open = false; } }
    let target;
    if ((target = hit("[data-copy]"))) { event.preventDefault(); copy(target.dataset.copy); }
    if ((target = hit("[data-dialog]"))) {
      const dialog = $("#" + target.dataset.dialog);
      if (dialog) { event.preventDefault(); dialog.showModal(); }
    }
    if ((target = hit("[data-close]"))) { event.preventDefault(); target.closest("dialog").close(); }
    if (event.target.matches("dialog")) { event.target.close(); }
    if (hit("[data-theme-switch]")) {
      const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme:dark)").matches;
      keep("theme", dark ? "light" : "dark");
      paint();
    }
    if (hit("[data-try]")) { retry(); }
    if ((target = hit("[data-tab-to]"))) { tab(target.dataset.tabTo); }
    if ((target = hit(".more"))) { target.setAttribute("aria-expanded", $(".controls").classList.toggle("open")); }
    if ((target = hit("a[data-nav]")) && part && !(event.ctrlKey || event.metaKey || event.shiftKey || event.button)) {
      event.preventDefault();
      const is = target.getAttribute("aria-current") === "true" && target.matches(".arrow");
      go(is ? $("#shut")?.href || target.href : target.href);
      if (target.matches(".login")) { tab("flow"); }
      if (target.id === "shut") { $(".arrow[aria-current]")?.focus({ preventScroll: true }); }
    }
  });
  addEventListener("submit", (event) => {
    const form = event.target;
    if (form.matches("[role=search]")) { event.preventDefault(); }
    if (part && form.matches("[action^='/_sim/do/']")) { event.preventDefault(); send(form, event.submitter); }
  });
  addEventListener("input", (event) => {
    if (event.target.id !== "search") { return; }
    const url = new URL(location);
    url.searchParams.set("text", event.target.value);
    go(url, true);
  });
  addEventListener("change", (event) => {
    if (event.target.id === "single-keys") { keep("keys", event.target.checked ? "on" : "off"); }
  });
  addEventListener("popstate", () => { if (part) { version = ""; abort?.abort(); } });

  // Single keys act only outside of fields and dialogs, and can be switched off (WCAG 2.1.4).
  const inPhone = (css) => { try { return $(css, $("#phone-frame").contentDocument); } catch { return null; } };
  addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      for (const menu of $$("details.menu[open]")) { menu.open = false; menu.firstElementChild.focus(); }
      $(".controls.open")?.classList.remove("open");
    }
    if (event.ctrlKey || event.metaKey || event.altKey || kept("keys") === "off") { return; }
    if (event.target.closest("input,select,textarea,dialog")) { return; }
    const press = (element) => { if (element) { event.preventDefault(); if (element.matches("input")) { element.focus(); } else { element.click(); } } };
    const move = (css, by) => {
      const all = $$(css);
      if (!all.length) { return; }
      event.preventDefault();
      const at = all.findIndex((element) => element.getAttribute("aria-current") === "true");
      const next = all[Math.max(0, Math.min(all.length - 1, at + by))];
      next.focus();
      if (next.getAttribute("aria-current") !== "true") { next.click(); }
    };
    const keys = {
      "/": () => press($("#search")), "?": () => press($("[data-dialog=keys]")),
      j: () => move("a.login", 1), k: () => move("a.login", -1),
      ArrowDown: () => event.target.closest(".flow") && move("a.arrow", 1),
      ArrowUp: () => event.target.closest(".flow") && move("a.arrow", -1),
      c: () => press($("#curl")), f: () => press($("#freeze")),
      s: () => press(inPhone(".scan.main") || $("a.scan")), Escape: () => press($("#shut")),
    };
    keys[event.key]?.();
  });

  // Times pass on the page as on the simulator's clock.
  setInterval(() => {
    const clock = $("[data-now]"), time = $("#clock") || clock;
    if (!clock || !($("#offline")?.hidden ?? true)) { return; }
    const now = Number(time.dataset.now) + (time.dataset.runs === "true" ? Date.now() - shown : 0);
    const form = clock.dataset.form === "short" ? 16 : 19;
    clock.textContent = new Date(now).toISOString().slice(11, form);
    for (const element of $$("[data-until]")) {
      const left = Math.max(0, Math.floor((Number(element.dataset.until) - now) / 1000));
      element.textContent = Math.floor(left / 60) + ":" + String(left % 60).padStart(2, "0");
    }
  }, 1000);

  addEventListener("DOMContentLoaded", () => {
    for (const dialog of $$("dialog[open]")) { dialog.close(); dialog.showModal(); }
    const single = $("#single-keys");
    if (single) { single.checked = kept("keys") !== "off"; }
    tab(new URLSearchParams(location.search).has("login") || innerWidth >= 760 ? "flow" : "logins");
    $(".arrow[aria-current]")?.scrollIntoView({ block: "center" });
    // The window that an embedded login page has opened closes itself after the answer.
    if (window.name === "weixin-sim-phone" && $("#allowed, #canceled")) { setTimeout(() => window.close(), 1200); }
    part = $("[data-live]");
    const frame = $("#phone-frame");
    // What is scanned here is what the diagram shows.
    frame?.addEventListener("load", () => {
      let login;
      try { login = frame.contentDocument.body.dataset.login; } catch { /* another origin */ }
      if (login && part && new URLSearchParams(location.search).get("login") !== login) { go("/_sim/?login=" + login); }
    });
    if (!part) { return; }
    prefer();
    version = part.dataset.version;
    if (framed) {
      addEventListener("message", async (event) => {
        if (event.origin !== location.origin || event.data !== "changed") { return; }
        version = "";
        const response = await fetch(address());
        if (response.ok) { apply(part, await response.text()); }
      });
    } else { poll(); }
  });
})();
