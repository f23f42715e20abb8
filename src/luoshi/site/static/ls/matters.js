/* Ticking rows of the ledger: it survives paging, and says how many are ticked and how many of them elsewhere. */
(() => {
  "use strict";
  const ticked = new Map();

  const boxes = (form) => [...form.querySelectorAll("[data-ls-tick]")];
  const show = (form) => {
    const here = boxes(form);
    const shown = new Set(here.map((box) => box.value));
    const bar = form.querySelector("[data-ls-bulk]");
    here.forEach((box) => {
      box.checked = ticked.has(box.value);
      box.closest("tr")?.classList.toggle("ls-ticked", box.checked);
    });
    const away = [...ticked.keys()].filter((value) => !shown.has(value)).length;
    const every = form.querySelector("[data-ls-tick-all]");
    const on = here.filter((box) => box.checked).length;
    if (every) {
      every.checked = on > 0 && on === here.length;
      every.indeterminate = on > 0 && on < here.length;
    }
    if (!bar) return;
    bar.classList.toggle("ls-on", ticked.size > 0);
    const count = bar.querySelector("[data-ls-bulk-count]");
    if (count) {
      count.dataset.lsWords ||= count.textContent;
      const english = document.documentElement.lang === "en";
      const all = english ? `${ticked.size} selected` : `已选 ${ticked.size} 条`;
      const elsewhere = english ? `, ${away} on other pages` : `，跨页 ${away} 条`;
      const words = away ? all + elsewhere : all;
      count.textContent = ticked.size ? words : count.dataset.lsWords;
    }
  };
  const form = () => document.querySelector("form[data-ls-ticks]");
  const refresh = () => { const found = form(); if (found) show(found); };

  document.addEventListener("change", (event) => {
    const box = event.target;
    const inside = box.closest?.("form[data-ls-ticks]");
    if (!inside) return;
    if (box.matches("[data-ls-tick]")) {
      if (box.checked) ticked.set(box.value, true);
      else ticked.delete(box.value);
    } else if (box.matches("[data-ls-tick-all]")) {
      boxes(inside).forEach((one) => (box.checked ? ticked.set(one.value, true) : ticked.delete(one.value)));
    } else return;
    show(inside);
  });
  document.addEventListener("reset", (event) => {
    if (!event.target.matches("form[data-ls-ticks]")) return;
    ticked.clear();
    setTimeout(refresh);
  });
  // Rows ticked on other pages go with the form.
  document.addEventListener("submit", (event) => {
    const inside = event.target;
    if (!inside.matches("form[data-ls-ticks]")) return;
    inside.querySelectorAll("input[data-ls-away]").forEach((input) => input.remove());
    const shown = new Set(boxes(inside).map((box) => box.value));
    [...ticked.keys()].filter((value) => !shown.has(value)).forEach((value) => {
      const input = document.createElement("input");
      Object.assign(input, { type: "hidden", name: "row", value });
      input.dataset.lsAway = "";
      inside.append(input);
    });
  });
  document.addEventListener("htmx:afterSettle", refresh);
  window.addEventListener("pageshow", refresh);
  refresh();
})();
