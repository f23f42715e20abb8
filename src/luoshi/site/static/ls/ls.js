/* Small helps on top of pages that work without scripts: drawer, keys, copying, folding on narrow screens. */
(() => {
  "use strict";
  const root = document.documentElement;
  const drawer = document.getElementById("ls-drawer");
  const live = document.getElementById("ls-live");
  let addressBelow = "";

  root.classList.add("ls-js");
  const say = (words) => { live.textContent = ""; setTimeout(() => { live.textContent = words; }, 50); };
  const inField = (element) => element.closest("input, textarea, select, [contenteditable]") !== null;

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
    document.querySelectorAll("details.ls-menu[open]").forEach((menu) => {
      if (!menu.contains(element)) menu.open = false;
    });
  });

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
    if (inField(event.target) || drawer.open) return;
    const search = document.getElementById("ls-search");
    if (event.key === "/" && search) {
      event.preventDefault();
      search.focus();
    }
    const step = { j: 1, k: -1 }[event.key.toLowerCase()];
    if (step) {
      const rows = [...document.querySelectorAll("a.ls-act")];
      const here = rows.indexOf(document.activeElement);
      rows[Math.min(Math.max(here + step, 0), rows.length - 1)]?.focus();
    }
  });
})();
