// Fills in where the phone is; the form works without it.
"use strict";
(() => {
  const button = document.getElementById("here");
  if (!button || !navigator.geolocation) return;
  button.hidden = false;
  button.addEventListener("click", () => {
    navigator.geolocation.getCurrentPosition((found) => {
      document.getElementById("lat").value = found.coords.latitude.toFixed(5);
      document.getElementById("lon").value = found.coords.longitude.toFixed(5);
    });
  });
})();
