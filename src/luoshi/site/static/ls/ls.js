/* Small helps on top of pages that work without scripts: drawer, keys, copying, folding on narrow screens. */
(() => {
  "use strict";
  const root = document.documentElement;
  const drawer = document.getElementById("ls-drawer");
  const live = document.getElementById("ls-live");
  let addressBelow = "";

  root.classList.add("ls-js");
  const keysOn = () => root.dataset.shortcuts !== "off";
  const say = (words) => { live.textContent = ""; setTimeout(() => { live.textContent = words; }, 50); };
  const inField = (element) => element.closest("input, textarea, select, [contenteditable]") !== null;

  // What the scripts of single pages may use.
  window.ls = { say: (words) => say(words), keysOn, inField: (element) => inField(element) };

  // Facets stay folded where they would push the list off the screen.
  const fold = () => {
    if (matchMedia("(max-width: 1199.98px)").matches || root.dataset.size) {
      document.querySelectorAll("[data-ls-wide-open]").forEach((box) => { box.open = false; });
    }
  };
  fold();

  // The clause looked at is in sight in the outline.
  const reveal = () => {
    document.querySelectorAll(".ls-outline [aria-current]").forEach((link) => {
      const box = link.closest(".ls-outline");
      box.scrollTop += link.getBoundingClientRect().top - box.getBoundingClientRect().top - box.clientHeight / 2;
    });
  };
  // A clause asked for by its address is in sight on the page.
  const show = () => {
    const asked = new URLSearchParams(location.search).has("clause") && !location.hash;
    if (asked) document.querySelector(".ls-marked .ls-here")?.scrollIntoView({ block: "start" });
  };
  reveal();
  show();

  // The day looked at goes with every fragment.
  document.addEventListener("htmx:configRequest", (event) => {
    const day = new URLSearchParams(location.search).get("on");
    if (day && event.detail.verb === "get" && !/[?&]on=/.test(event.detail.path)) event.detail.parameters.on = day;
  });

  // The drawer is a modal dialog: the browser keeps the focus inside and gives it back.
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.target === drawer && !drawer.open) addressBelow = location.href;
    if (document.hidden && event.detail.elt.matches("[data-ls-poll]")) event.preventDefault();
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    const target = event.detail.target;
    if (target === drawer) {
      if (!drawer.open) drawer.showModal();
      drawer.scrollTop = 0;
      drawer.querySelector("[tabindex='-1']")?.focus();
      return;
    }
    fold();
    reveal();
    const told = target.querySelector?.("[data-ls-announce]");
    if (told) say(told.textContent.trim());
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    const target = event.detail.target;
    if (target === drawer || !target.querySelector) return;
    const errors = target.querySelector("#errors");
    if (errors) errors.focus();
    else if (document.activeElement === document.body) target.querySelector("[data-ls-focus]")?.focus();
  });
  document.addEventListener("htmx:sendError", (event) => {
    const link = event.detail.elt.closest("a[href]");
    if (link) location.assign(link.href);
  });
  drawer.addEventListener("close", () => {
    drawer.replaceChildren();
    if (addressBelow) history.replaceState(null, "", addressBelow);
    addressBelow = "";
  });

  document.addEventListener("click", (event) => {
    const element = event.target;
    if (!(element instanceof Element)) return;
    const closer = element.closest("[data-ls-close]");
    if ((closer || element === drawer) && drawer.open) {
      event.preventDefault();
      drawer.close();
    }
    const copier = element.closest("[data-ls-copy]");
    if (copier) {
      navigator.clipboard.writeText(copier.dataset.lsCopy).then(() => say(copier.dataset.lsCopied));
    }
    if (element.closest("[data-ls-print]")) print();
    const keys = element.closest("[data-ls-keys]");
    if (keys && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      document.getElementById("ls-keys").showModal();
    }
    document.querySelectorAll("details.ls-menu[open]").forEach((menu) => {
      if (!menu.contains(element)) menu.open = false;
    });
  });

  // A menu that would open beyond the edge of the window is moved back inside.
  document.addEventListener("toggle", (event) => {
    const box = event.target.matches("details.ls-menu[open]") ? event.target.querySelector(".ls-menu-box") : null;
    if (!box) return;
    box.style.translate = "";
    const { left, right } = box.getBoundingClientRect();
    box.style.translate = `${Math.max(8 - left, 0) || Math.min(document.documentElement.clientWidth - 8 - right, 0)}px`;
  }, true);

  // Single keys only outside fields, never while an input method is composing.
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") {
      const menu = document.querySelector("details.ls-menu[open]");
      if (menu) {
        menu.open = false;
        menu.querySelector("summary").focus();
      }
      return;
    }
    if (!keysOn() || inField(event.target) || document.querySelector("dialog[open]")) return;
    if (event.key === "?") {
      event.preventDefault();
      document.getElementById("ls-keys").showModal();
      return;
    }
    const search = document.getElementById("ls-search");
    if (event.key === "/" && search) {
      event.preventDefault();
      search.focus();
    }
    if (document.querySelector("[data-ls-own-keys]")) return;
    const step = { j: 1, k: -1 }[event.key.toLowerCase()];
    if (step) {
      const rows = [...document.querySelectorAll("a.ls-act")];
      const here = rows.indexOf(document.activeElement);
      rows[Math.min(Math.max(here + step, 0), rows.length - 1)]?.focus();
    }
  });

  // Ticked rows: the bar of acts appears, says how many, and ticking survives a swap of the list.
  const counted = (form) => {
    const ticks = [...form.querySelectorAll("[data-ls-tick]")];
    const on = ticks.filter((tick) => tick.checked);
    const bar = form.querySelector("[data-ls-bulk]");
    ticks.forEach((tick) => tick.closest("tr")?.classList.toggle("ls-ticked", tick.checked));
    const every = form.querySelector("[data-ls-tick-all]");
    if (every) {
      every.checked = on.length > 0 && on.length === ticks.length;
      every.indeterminate = on.length > 0 && on.length < ticks.length;
    }
    if (!bar) return;
    bar.classList.toggle("ls-on", on.length > 0);
    const words = bar.querySelector("[data-ls-bulk-count]");
    if (words) {
      words.textContent = root.lang === "en" ? `${on.length} selected` : `已选 ${on.length} 条`;
      if (on.length) say(words.textContent);
    }
  };
  document.addEventListener("change", (event) => {
    const tick = event.target.closest?.("[data-ls-tick], [data-ls-tick-all]");
    if (!tick?.form) return;
    if (tick.matches("[data-ls-tick-all]")) {
      tick.form.querySelectorAll("[data-ls-tick]").forEach((one) => { one.checked = tick.checked; });
    }
    counted(tick.form);
  });
  document.addEventListener("reset", (event) => setTimeout(() => counted(event.target), 0));

  // A form is sent once: the button rests while it runs, and comes back when the page is taken from history.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || form.dataset.lsExtend !== undefined || event.defaultPrevented) return;
    const button = event.submitter;
    setTimeout(() => { if (button) button.disabled = true; form.setAttribute("aria-busy", "true"); }, 0);
    setTimeout(() => { if (button) button.disabled = false; form.removeAttribute("aria-busy"); }, 8000);
  });
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    document.querySelectorAll("form[aria-busy] button[disabled]").forEach((button) => { button.disabled = false; });
  });

  // The login's end is told two minutes before; one key goes on. Typed text stays on the page either way.
  const ending = document.getElementById("ls-ending");
  if (ending) {
    const WARN = 120;
    let until = Date.now() + Number(root.dataset.sessionLeft) * 1000;
    const soon = ending.querySelector("[data-ls-ending-soon]");
    const over = ending.querySelector("[data-ls-ending-over]");
    const extend = ending.querySelector("[data-ls-extend]");
    const again = ending.querySelector("[data-ls-relogin]");
    const token = () => document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1];
    const look = () => {
      const left = Math.round((until - Date.now()) / 1000);
      const gone = left <= 0;
      soon.hidden = extend.hidden = gone;
      over.hidden = again.hidden = !gone;
      ending.querySelector("[data-ls-left]").textContent = Math.max(left, 0);
      if (left <= WARN && !ending.open && ending.dataset.quiet === undefined) ending.showModal();
    };
    setInterval(look, 1000);
    extend.addEventListener("submit", async (event) => {
      event.preventDefault();
      const answer = await fetch(extend.action, {
        method: "POST", body: new FormData(extend), headers: { "X-Requested-With": "luoshi" },
      }).catch(() => null);
      if (answer?.ok && !answer.redirected) {
        until = Date.now() + 8 * 3600 * 1000;
        ending.close();
      } else {
        until = Date.now();
        look();
      }
    });
    // After a login in another window every form here gets the new token.
    addEventListener("focus", () => {
      const fresh = token();
      if (!fresh || until > Date.now()) return;
      document.querySelectorAll("input[name=csrfmiddlewaretoken]").forEach((field) => { field.value = fresh; });
      ending.dataset.quiet = "";
      ending.close();
    });
  }
})();
