// Reporting from where the work is done: the queue on this phone (IndexedDB), photos with time and place, sending.
// Nothing typed is lost: an entry leaves the queue when the server has it, or when the person drops it.
"use strict";
(() => {
  const body = document.body;
  const PERSON = body.dataset.person;
  const words = JSON.parse(document.getElementById("field-words").textContent);
  const say = (key, ...parts) => parts.reduce((text, part) => text.replace("%s", part), words[key] || key);
  const fresh = () => [...crypto.getRandomValues(new Uint8Array(16))].map((one) => one.toString(16).padStart(2, "0")).join("");
  const element = (tag, text, cls) => {
    const made = document.createElement(tag);
    if (text) made.textContent = text;
    if (cls) made.className = cls;
    return made;
  };
  const stamp = (moment) => {
    const pad = (n) => String(n).padStart(2, "0");
    const shift = -moment.getTimezoneOffset();
    const zone = (shift < 0 ? "-" : "+") + pad(Math.floor(Math.abs(shift) / 60)) + ":" + pad(Math.abs(shift) % 60);
    return moment.getFullYear() + "-" + pad(moment.getMonth() + 1) + "-" + pad(moment.getDate()) + "T" + pad(moment.getHours()) + ":" + pad(moment.getMinutes()) + ":" + pad(moment.getSeconds()) + zone;
  };
  // Beijing time, wherever the phone thinks it is: limits run by it.
  const beijing = (text) => new Date(new Date(text).getTime() + 8 * 36e5);
  const hour = (text) => beijing(text).toISOString().slice(11, 16);
  const clock = (text) => { const at = beijing(text); return at.getUTCMonth() + 1 + "-" + at.getUTCDate() + " " + hour(text); };

  // --- the store ---------------------------------------------------------------------------------------------------
  const opened = new Promise((resolve, reject) => {
    const asked = indexedDB.open("luoshi-field", 1);
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore("queue", {keyPath: "key"});
      asked.result.createObjectStore("drafts", {keyPath: "id"});
    };
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
  const store = async (names, mode, work) => {
    const db = await opened;
    return new Promise((resolve, reject) => {
      const act = db.transaction(names, mode);
      let found;
      work(act, (value) => { found = value; });
      act.oncomplete = () => resolve(found);
      act.onerror = act.onabort = () => reject(act.error);
    });
  };
  const one = (name, key) => store(name, "readonly", (act, tell) => { const asked = act.objectStore(name).get(key); asked.onsuccess = () => tell(asked.result); });
  const all = (name) => store(name, "readonly", (act, tell) => { const asked = act.objectStore(name).getAll(); asked.onsuccess = () => tell(asked.result); });
  const put = (name, value) => store(name, "readwrite", (act) => act.objectStore(name).put(value));
  const drop = (name, key) => store(name, "readwrite", (act) => act.objectStore(name).delete(key));
  const mine = async () => (await all("queue")).filter((entry) => entry.person === PERSON).sort((a, b) => (a.made_at < b.made_at ? -1 : 1));

  // --- sending -----------------------------------------------------------------------------------------------------
  const cookie = (name) => (document.cookie.split("; ").find((pair) => pair.startsWith(name + "=")) || "").slice(name.length + 1);
  let reached = navigator.onLine;
  let loggedOut = false;
  let sending = false;

  const parcel = (entry) => {
    const form = new FormData();
    for (const [name, value] of Object.entries(entry.fields)) form.append(name, value);
    form.append("made_at", entry.made_at);
    form.append("photos_meta", JSON.stringify(entry.photos.map((photo) => photo.meta)));
    for (const photo of entry.photos) form.append("photos", new Blob([photo.data], {type: photo.type}), photo.name);
    for (const file of entry.files || []) form.append("files", new Blob([file.data], {type: file.type}), file.name);
    return form;
  };

  const deliver = async (entry) => {
    let answer;
    try {
      answer = await fetch(entry.href, {
        method: "POST", body: parcel(entry), credentials: "same-origin", redirect: "manual",
        headers: {"Accept": "application/json", "X-CSRFToken": cookie("csrftoken"), "Idempotency-Key": entry.key},
      });
    } catch (error) {
      reached = false;
      return false;
    }
    reached = true;
    let told = null;
    if ((answer.headers.get("Content-Type") || "").includes("json")) told = await answer.json().catch(() => null);
    if (answer.status === 401 || answer.type === "opaqueredirect" || (answer.status === 403 && !told)) {
      loggedOut = true;
      return false;
    }
    loggedOut = false;
    if (answer.ok && told) {
      await put("queue", {...entry, state: "sent", photos: [], files: [], receipt: told});
      return true;
    }
    if (answer.ok || answer.status >= 500 || answer.status === 429 || answer.status === 408) return false;
    const code = told ? told.code : "";
    const message = told ? told.message || told.detail : say("refused", answer.status);
    await put("queue", {...entry, state: "refused", code, message});
    return true;
  };

  const send = async () => {
    if (sending) return;
    sending = true;
    const work = async () => {
      for (const entry of await mine()) {
        if (entry.state === "waiting" && !(await deliver(entry))) break;
      }
    };
    try {
      if (navigator.locks) await navigator.locks.request("luoshi-field", {ifAvailable: true}, (lock) => lock && work());
      else await work();
    } finally {
      sending = false;
      await show();
    }
  };

  // --- what waits, on both pages -----------------------------------------------------------------------------------
  const strip = document.getElementById("net");
  const show = async () => {
    const entries = await mine();
    const waiting = entries.filter((entry) => entry.state === "waiting").length;
    const refused = entries.filter((entry) => entry.state === "refused").length;
    strip.replaceChildren();
    strip.hidden = reached && navigator.onLine && !waiting && !refused && !loggedOut;
    if (loggedOut) {
      strip.append(element("span", say("login", waiting)), " ");
      const link = element("a", say("login_link"));
      link.href = "/login/?next=/field/";
      strip.append(link);
    } else if (!navigator.onLine || !reached) strip.append(element("span", waiting ? say("offline_n", waiting) : say("offline")));
    else if (waiting) strip.append(element("span", say("waiting_n", waiting)));
    if (refused) {
      const link = element("a", say("refused_n", refused));
      link.href = "/field/#queue";
      strip.append(" ", link);
    }
    const others = (await all("queue")).filter((entry) => entry.person !== PERSON && entry.state !== "sent").length;
    if (others) { strip.hidden = false; strip.append(" ", element("span", say("others_n", others))); }
    const place = document.getElementById("queue");
    if (place) list(place, entries);
  };

  const list = (place, entries) => {
    place.hidden = !entries.length;
    const rows = place.querySelector("ul");
    rows.replaceChildren();
    for (const entry of [...entries].reverse()) {
      const row = element("li", "", "entry " + entry.state);
      row.append(element("b", entry.title), element("p", say("made", clock(entry.made_at)) + " · " + entry.shown));
      row.append(element("p", entry.fields.narrative, "said"));
      if (entry.photos.length) row.append(element("p", say("photos_n", entry.photos.length)));
      if (entry.state === "waiting") row.append(element("p", say("waits"), "state"));
      if (entry.state === "sent") {
        row.append(element("p", say("received", clock(entry.receipt.received_at)), "state"));
        for (const flag of entry.receipt.flags) row.append(element("p", say("flagged", flag), "flag"));
        if (entry.receipt.note) row.append(element("p", entry.receipt.note, "flag"));
      }
      if (entry.state === "refused") {
        row.append(element("p", entry.message, "state"));
        const again = element("a", say("again"), "act");
        again.href = entry.href + "?from=" + entry.key;
        row.append(again);
      }
      if (entry.state !== "waiting") {
        const away = element("button", entry.state === "sent" ? say("hide") : say("drop"), "plain");
        away.type = "button";
        let asked = entry.state === "sent";
        away.addEventListener("click", async () => {
          if (!asked) { asked = true; away.textContent = say("drop_sure"); return; }
          await drop("queue", entry.key);
          await show();
        });
        row.append(away);
      }
      rows.append(row);
    }
  };

  // --- the form ----------------------------------------------------------------------------------------------------
  const form = document.getElementById("report");
  const photos = [];
  const files = [];
  let loaded = "";

  const shrink = async (file) => {
    // A bad line carries 300 KB, not 6 MB; what is small already goes as it is.
    if (file.size < 700000 || !window.createImageBitmap) return file;
    try {
      const picture = await createImageBitmap(file);
      const scale = Math.min(1, 1920 / Math.max(picture.width, picture.height));
      const canvas = document.createElement("canvas");
      canvas.width = Math.round(picture.width * scale);
      canvas.height = Math.round(picture.height * scale);
      canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
      return await new Promise((resolve) => canvas.toBlob((made) => resolve(made || file), "image/jpeg", 0.82));
    } catch (error) {
      return file;
    }
  };
  const here = () => new Promise((resolve) => {
    if (!navigator.geolocation) { resolve(null); return; }
    navigator.geolocation.getCurrentPosition((found) => resolve(found.coords), () => resolve(null), {enableHighAccuracy: true, timeout: 15000, maximumAge: 60000});
  });
  const thumb = async (photo) => {
    try {
      const picture = await createImageBitmap(new Blob([photo.data], {type: photo.type}));
      const canvas = document.createElement("canvas");
      canvas.width = 228;
      canvas.height = 224;
      const scale = Math.max(228 / picture.width, 224 / picture.height);
      canvas.getContext("2d").drawImage(picture, (228 - picture.width * scale) / 2, (224 - picture.height * scale) / 2, picture.width * scale, picture.height * scale);
      return canvas;
    } catch (error) {
      return element("span", photo.name);
    }
  };

  // As the server reckons it: over the sphere, in kilometres.
  const kilometres = (meta) => {
    const rad = (degrees) => degrees * Math.PI / 180;
    const [lat, to] = [rad(Number(form.dataset.lat)), rad(meta.lat)];
    const [up, across] = [Math.sin((to - lat) / 2), Math.sin(rad(meta.lon - Number(form.dataset.lon)) / 2)];
    return 2 * 6371.0088 * Math.asin(Math.sqrt(Math.min(up * up + Math.cos(lat) * Math.cos(to) * across * across, 1)));
  };
  const placed = (row) => {
    const known = photos.filter((photo) => photo.meta.lat !== undefined);
    const open = photos.filter((photo) => photo.meta.lat === undefined && !photo.meta.asked).length;
    const parts = [];
    const far = form.dataset.lat && known.length ? Math.max(...known.map((photo) => kilometres(photo.meta))) : 0;
    if (form.dataset.lat && known.length) parts.push(say("far_km", far.toFixed(1)));
    if (known.length) parts.push(say("error_m", Math.round(Math.max(...known.map((photo) => photo.meta.accuracy)))));
    const missing = photos.length - known.length - open;
    if (missing) parts.push(say("missing_place", missing));
    if (open) parts.push(say("placing"));
    const odd = missing > 0 || far > Number(form.dataset.far);
    row.classList.toggle("has", known.length > 0 && !odd && !open);
    row.classList.toggle("odd", odd);
    row.querySelector("[data-count]").textContent = parts.join(" · ") || say("none_yet");
  };

  const draw = async () => {
    const place = document.getElementById("photos");
    const made = await Promise.all(photos.map(async (photo, n) => {
      const tile = element("li", "", "photo");
      tile.append(await thumb(photo));
      const meta = photo.meta;
      const where = meta.lat === undefined ? (meta.asked ? say("no_place") : say("placing")) : say("error_m", Math.round(meta.accuracy));
      tile.append(element("span", hour(meta.at) + " " + where, "under"));
      const away = element("button", "×", "away");
      away.type = "button";
      away.setAttribute("aria-label", say("photo_away", n + 1));
      away.addEventListener("click", () => { photos.splice(n, 1); draw(); draft(); });
      tile.append(away);
      return tile;
    }));
    place.replaceChildren(...made);
    for (const row of document.querySelectorAll("[data-wants]")) {
      if (row.dataset.wants === "place") { placed(row); continue; }
      const photo = row.dataset.wants === "photo";
      const count = photo ? photos.length : files.length;
      row.classList.toggle("has", count > 0);
      row.querySelector("[data-count]").textContent = count ? say("pieces", count) : say("none_yet");
    }
    document.getElementById("more-photo").textContent = photos.length ? say("one_more") : say("first");
  };

  const grab = () => {
    const fields = {};
    for (const name of ["value", "percent", "narrative", "obstacles", "reason", "version", "then"]) {
      const field = form.elements[name];
      if (field && (field.type !== "checkbox" || field.checked)) fields[name] = field.value;
    }
    return fields;
  };
  const fill = (kept) => {
    for (const [name, value] of Object.entries(kept.fields)) {
      const field = form.elements[name];
      if (!field || name === "version") continue;
      if (field.type === "checkbox") field.checked = true;
      else field.value = value;
    }
    photos.splice(0, photos.length, ...kept.photos);
    files.splice(0, files.length, ...(kept.files || []));
  };
  const draftId = form ? PERSON + ":" + form.dataset.matter : "";
  const draft = () => put("drafts", {id: draftId, fields: grab(), photos: [...photos], files: [...files], at: Date.now()});

  const take = async (file) => {
    const small = await shrink(file);
    const taken = file.lastModified ? new Date(file.lastModified) : new Date();
    const photo = {name: (file.name || "photo").replace(/\.[^.]*$/, "").slice(0, 60) + (small.type === "image/png" ? ".png" : ".jpg"), type: small.type || "image/jpeg", data: await small.arrayBuffer(), meta: {at: stamp(taken)}};
    photos.push(photo);
    await draw();
    await draft();
    const found = await here();
    photo.meta.asked = 1;
    if (found) Object.assign(photo.meta, {lat: found.latitude, lon: found.longitude, accuracy: found.accuracy});
    await draw();
    await draft();
  };

  const start = async () => {
    const from = new URLSearchParams(location.search).get("from");
    const kept = (from && (await one("queue", from))) || (await one("drafts", draftId));
    if (kept) { fill(kept); if (from) loaded = from; }
    await draw();
    form.querySelector("[data-less]").addEventListener("click", () => step(-1));
    form.querySelector("[data-plus]").addEventListener("click", () => step(1));
    form.addEventListener("input", draft);
    document.getElementById("photo").addEventListener("change", async (event) => {
      const chosen = [...event.target.files];
      event.target.value = "";
      for (const file of chosen) {
        if (photos.length >= Number(form.dataset.photos)) { warn(say("too_many", form.dataset.photos)); break; }
        await take(file);
      }
    });
    document.getElementById("paper").addEventListener("change", async (event) => {
      for (const file of event.target.files) {
        if (file.size > 20 * 1024 * 1024) { warn(say("too_large", file.name)); continue; }
        files.push({name: file.name, type: file.type, data: await file.arrayBuffer()});
      }
      event.target.value = "";
      await draw();
      await draft();
    });
    const save = form.querySelector("[data-draft]");
    save.hidden = false;
    save.addEventListener("click", async () => { await draft(); warn(say("draft_kept")); });
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const fields = grab();
      if ((fields.narrative || "").trim().length < 10) { warn(say("ten")); form.elements.narrative.focus(); return; }
      const measured = fields.value || fields.percent;
      if (!measured) { warn(say("value")); return; }
      const entry = {
        key: fresh(), person: PERSON, href: form.getAttribute("action"), matter: form.dataset.matter, title: form.dataset.title,
        shown: measured + " " + form.dataset.unit, fields, photos: [...photos], files: [...files], made_at: stamp(new Date()), state: "waiting",
      };
      await store(["queue", "drafts"], "readwrite", (act) => {
        act.objectStore("queue").put(entry);
        act.objectStore("drafts").delete(draftId);
        if (loaded) act.objectStore("queue").delete(loaded);
      });
      form.querySelector("[type=submit]").disabled = true;
      await send();
      location.href = "/field/#queue";
    });
  };
  const step = (by) => {
    const field = form.elements.value || form.elements.percent;
    const now = Number(field.value || form.dataset.before || 0);
    field.value = String(Math.max(0, Math.round((now + by) * 1e6) / 1e6));
    draft();
  };
  const warn = (text) => { const place = document.getElementById("told"); place.textContent = text; place.hidden = false; };

  if (form) start();
  addEventListener("online", () => { reached = true; send(); });
  addEventListener("offline", () => show());
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && send());
  setInterval(async () => { if ((await mine()).some((entry) => entry.state === "waiting")) send(); }, 30000);
  send();
  // What was sent a week ago need not be shown any more.
  mine().then((entries) => entries.filter((entry) => entry.state === "sent" && Date.now() - new Date(entry.receipt.received_at) > 7 * 864e5).forEach((entry) => drop("queue", entry.key)));

  if ("serviceWorker" in navigator) {
    navigator.serviceWorker.register("/field/worker.js", {scope: "/field/"}).then(() => navigator.serviceWorker.ready).then((ready) => {
      const links = [...document.querySelectorAll("a[data-version]")];
      if (!navigator.onLine) return;
      const pages = [["/field/", ""], ...links.map((link) => [link.getAttribute("href"), link.dataset.version])];
      ready.active.postMessage({type: document.getElementById("queue") ? "keep" : "also", person: PERSON, pages});
    });
  }
})();
