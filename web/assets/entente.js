// Comfort only: every page works without it.
"use strict";

for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    const before = button.firstChild.nodeValue;
    button.firstChild.nodeValue = "Copied";
    setTimeout(() => { button.firstChild.nodeValue = before; }, 1500);
  });
}

const automatic = document.querySelector("form[data-auto-submit]");
if (automatic) automatic.submit();

// A page about work in progress: its figures are renewed, and the page itself where it has more to show than figures.
const live = document.querySelector("[data-live]");
const renew = async () => {
  let pause = 10000;
  try {
    const answer = await fetch(live.dataset.live, { redirect: "manual" });
    if (answer.type === "opaqueredirect") return location.reload();
    const now = await answer.json();
    if (now.shape !== live.dataset.shape) return location.reload();
    for (const place of live.querySelectorAll("[data-figure]")) {
      const figure = now.figures[place.dataset.figure];
      if (place.textContent !== figure) place.textContent = figure;
    }
    const bar = live.querySelector("progress");
    if (bar && now.progress) [bar.value, bar.max] = now.progress;
    if (now.progress) pause = 1500;
  } catch {
    // The server is away for a moment.
  }
  setTimeout(renew, pause);
};
if (live) setTimeout(renew, 1500);

for (const box of document.querySelectorAll("[data-check-all]")) {
  box.addEventListener("change", () => {
    for (const other of document.querySelectorAll(`input[name="${box.dataset.checkAll}"]`)) other.checked = box.checked;
  });
}
