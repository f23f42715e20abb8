/* Keys of the review: J K walk the records, Enter confirms, E changes, S splits, X excludes, U undoes, N next doubt. */
(() => {
  "use strict";
  const off = () => document.documentElement.dataset.shortcuts === "off";
  const cards = () => [...document.querySelectorAll("[data-ls-card]")];
  const current = () => document.activeElement?.closest?.("[data-ls-card]") ?? document.querySelector(".ls-rv-now") ?? cards()[0];

  // The record in hand is set off in the text as well.
  const point = (card) => {
    cards().forEach((one) => one.classList.toggle("ls-rv-now", one === card));
    document.querySelectorAll(".ls-now").forEach((mark) => mark.classList.remove("ls-now"));
    const marks = document.querySelectorAll(`[data-ls-ref="${card.dataset.lsCard}"]`);
    marks.forEach((mark) => mark.classList.add("ls-now"));
    const box = document.querySelector(".ls-rv .ls-marked");
    const mark = marks[0];
    if (!mark || !box || box.scrollHeight <= box.clientHeight) return;
    const seen = box.getBoundingClientRect(), place = mark.getBoundingClientRect();
    if (place.top < seen.top || place.bottom > seen.bottom) box.scrollTop += place.top - seen.top - box.clientHeight / 3;
  };
  const go = (card) => {
    card.focus({ preventScroll: true });
    card.scrollIntoView({ block: "nearest" });
    point(card);
  };
  const step = (by) => {
    const all = cards(), here = all.indexOf(current());
    const next = all[here + by];
    if (next) return go(next);
    const link = document.querySelector(by > 0 ? "[data-ls-next]" : "[data-ls-previous]");
    if (link) location.assign(link.href);
  };
  const press = (card, act) => {
    const button = card?.querySelector(`[data-ls-act="${act}"]`);
    if (button && button.offsetParent !== null) button.click();
  };
  const open = (card, what) => {
    const box = card?.querySelector(`[data-ls-${what}]`);
    if (!box || box.offsetParent === null) return;
    const more = box.closest("details.ls-rv-more");
    if (more) more.open = true;
    box.open = true;
    box.querySelector("input:not([type=hidden]), select")?.focus();
  };
  const ACTS = {
    j: () => step(1),
    k: () => step(-1),
    e: () => open(current(), "edit"),
    s: () => open(current(), "split"),
    x: () => press(current(), "exclude"),
    u: () => press(current(), "undo"),
    "?": () => press(current(), "doubt"),
    n: () => { const link = document.querySelector("[data-ls-doubt]"); if (link) location.assign(link.href); },
  };

  // Before the general keys of every page: here J and K walk records.
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229 || event.ctrlKey || event.metaKey || event.altKey) return;
    const field = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (field) {
      // Enter in a one-line field of a form with many fields sends nothing.
      if (event.key === "Enter" && field.matches("input:not([type=radio], [type=checkbox])") && field.closest("[data-ls-many]")) event.preventDefault();
      if (event.key === "Escape" && field.closest("[data-ls-card]")) go(field.closest("[data-ls-card]"));
      if (!(field.matches("[type=radio]") && event.key === "Enter")) return;
    }
    if (off() || document.querySelector("dialog[open]")) return;
    if (event.key === "Enter") {
      if (!field && event.target.closest?.("a, button, summary")) return;
      event.preventDefault();
      press(current(), "confirm");
      return;
    }
    const act = ACTS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act || event.repeat && "xus".includes(event.key)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    act();
  }, true);

  // After a decision the next open record of the clause is in hand; an undone one stays.
  document.addEventListener("htmx:afterSettle", (event) => {
    const id = event.detail.target?.id ?? "";
    if (!id.startsWith("r-")) return;
    const card = document.getElementById(id);
    if (!card) return;
    if (card.querySelector("[role=alert]")) { card.querySelector("[role=alert]").focus(); return; }
    const all = cards(), here = all.indexOf(card);
    const open = ["open", "doubtful", "conflict"];
    const undone = open.includes(card.dataset.state);
    const next = undone ? card : all.slice(here + 1).find((one) => open.includes(one.dataset.state)) ?? card;
    go(next);
  });
  document.addEventListener("focusin", (event) => {
    const card = event.target.closest?.("[data-ls-card]");
    if (card) point(card);
  });
  document.addEventListener("click", (event) => {
    const element = event.target;
    if (!(element instanceof Element)) return;
    const mark = element.closest("[data-ls-ref]");
    if (mark) {
      const card = document.querySelector(`[data-ls-card="${mark.dataset.lsRef}"]`);
      if (card) go(card);
    }
    const kind = element.closest("[data-ls-kind]");
    if (kind && !new URLSearchParams(location.search).has("hide")) {
      event.preventDefault();
      document.querySelector(".ls-rv .ls-marked")?.classList.toggle(`ls-hide-${kind.dataset.lsKind}`);
      kind.classList.toggle("ls-rv-off");
    }
    if (element.closest("[data-ls-add]")) {
      const box = document.getElementById("rv-add");
      if (box) { box.open = true; box.querySelector("summary").focus(); }
    }
  });
  const first = document.querySelector(".ls-rv-now");
  if (first) { if (location.hash.startsWith("#r-")) go(first); else point(first); }
})();
