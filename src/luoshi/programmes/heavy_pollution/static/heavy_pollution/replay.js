/* Plays the replay: a stop a second and a half, until the end or until it is pressed again. */
(() => {
  "use strict";
  const PAUSE_MS = 1500;
  let timer = 0;

  const halt = (button) => {
    clearInterval(timer);
    timer = 0;
    button.setAttribute("aria-pressed", "false");
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-hp-play]");
    if (!button) return;
    if (timer) return halt(button);
    const range = document.querySelector("[data-ls-replay-range]");
    button.setAttribute("aria-pressed", "true");
    timer = setInterval(() => {
      if (Number(range.value) >= Number(range.max)) return halt(button);
      range.value = Number(range.value) + 1;
      range.dispatchEvent(new Event("input", { bubbles: true }));
    }, PAUSE_MS);
  });
})();
