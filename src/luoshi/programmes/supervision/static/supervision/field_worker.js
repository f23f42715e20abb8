// Keeps the phone's pages for when there is no line. VERSION and FILES stand above, written by the server.
"use strict";
const SHELL = "field-files-" + VERSION;
const PAGES = "field-pages";
const OWNER = "/field/owner";
const PATIENCE = 6000;

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(SHELL).then((cache) => cache.addAll(FILES)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const old = (name) => name.startsWith("field-files-") && name !== SHELL;
  event.waitUntil(
    caches.keys().then((names) => Promise.all(names.filter(old).map((name) => caches.delete(name)))).then(() => self.clients.claim())
  );
});

// The page tells whose it is and what to keep: pages of somebody else go first. The list says all that is to be kept
// ("keep"), a form only adds the list to it ("also").
self.addEventListener("message", (event) => {
  if (event.data && (event.data.type === "keep" || event.data.type === "also")) event.waitUntil(keep(event.data));
});

async function keep(told) {
  const cache = await caches.open(PAGES);
  const owner = await cache.match(OWNER);
  if (owner && (await owner.text()) !== told.person) {
    for (const request of await cache.keys()) await cache.delete(request);
  }
  await cache.put(OWNER, new Response(told.person));
  const wanted = new Map(told.pages);
  for (const request of await cache.keys()) {
    const path = new URL(request.url).pathname;
    if (told.type === "keep" && /^\/field\/\d+\/$/.test(path) && !wanted.has(path)) await cache.delete(request);
  }
  for (const [path, version] of wanted) {
    const known = await cache.match(path);
    if (known && known.headers.get("X-Matter-Version") === version) continue;
    try {
      const answer = await fetch(path, {credentials: "same-origin", redirect: "error"});
      if (answer.ok) await cache.put(path, answer);
    } catch (error) {
      return;
    }
  }
}

self.addEventListener("fetch", (event) => {
  const request = event.request;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (FILES.includes(url.pathname)) event.respondWith(caches.match(url.pathname).then((kept) => kept || fetch(request)));
  else if (request.mode === "navigate" && url.pathname.startsWith("/field/")) event.respondWith(visit(request, url.pathname));
});

async function visit(request, path) {
  const cache = await caches.open(PAGES);
  const stop = new AbortController();
  const clock = setTimeout(() => stop.abort(), PATIENCE);
  const kept = await cache.match(path);
  try {
    const answer = await fetch(request, kept ? {signal: stop.signal} : {});
    // Sent to the login page: what is kept is nobody's to read until somebody has logged in.
    if (answer.type === "opaqueredirect") await caches.delete(PAGES);
    else if (answer.ok) await cache.put(path, answer.clone());
    return answer;
  } catch (error) {
    return kept || nothing();
  } finally {
    clearTimeout(clock);
  }
}

function nothing() {
  const words = "<!doctype html><html lang=\"zh-CN\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>没有网络</title><h1>没有网络</h1><p>这一页没有存在本机。已填的内容都在。</p><p><a href=\"/field/\">回到现场填报</a></p><script>addEventListener(\"online\", () => location.reload());</script>";
  return new Response(words, {status: 503, headers: {"Content-Type": "text/html; charset=utf-8"}});
}
