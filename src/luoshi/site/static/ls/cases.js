/* The replay of a case: a slider over its story; without scripts the links beside it do the same. */
(() => {
  "use strict";

  const stopsOf = (box) => [...box.querySelector("[data-ls-replay-stops]").content.querySelectorAll("data")];
  const tell = (box, place) => {
    const stops = stopsOf(box);
    const stop = stops[place - 1];
    const words = box.querySelector("[data-ls-replay-words]");
    if (!stop || !words) return;
    const told = `${place} / ${stops.length} · ${stop.value.replace("T", " ")} ${stop.textContent}`;
    words.textContent = told;
    box.querySelector("[data-ls-replay-range]").setAttribute("aria-valuetext", told);
  };
  const go = (box, place) => {
    const stop = stopsOf(box)[place - 1];
    if (!stop) return;
    const href = `${box.dataset.lsReplay}?at=${encodeURIComponent(stop.value)}`;
    history.replaceState(null, "", href);
    const field = box.querySelector("[name=at]");
    if (field) field.value = stop.value.slice(0, 16);
    htmx.ajax("GET", href, { target: "#case-body", swap: "innerHTML" });
  };

  document.addEventListener("input", (event) => {
    const range = event.target.closest?.("[data-ls-replay-range]");
    if (!range) return;
    const box = range.closest("[data-ls-replay]");
    tell(box, Number(range.value));
    // A key held down, or a drag, asks only where it comes to rest.
    clearTimeout(range.waiting);
    range.waiting = setTimeout(() => go(box, Number(range.value)), 250);
  });

  // A step back or on goes by the slider, so that the control stays where it is and keeps the focus.
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("[data-ls-replay-go]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const box = link.closest("[data-ls-replay]");
    const range = box.querySelector("[data-ls-replay-range]");
    const place = Number(range.value) + (link.dataset.lsReplayGo === "on" ? 1 : -1);
    event.preventDefault();
    if (place < 1 || place > stopsOf(box).length) return;
    range.value = place;
    tell(box, place);
    go(box, place);
  });
})();
