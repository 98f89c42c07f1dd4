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

// A page that shows work in progress asks to be looked at again.
const refresh = document.querySelector("[data-refresh]");
if (refresh) setTimeout(() => location.reload(), Number(refresh.dataset.refresh) * 1000);

for (const box of document.querySelectorAll("[data-check-all]")) {
  box.addEventListener("change", () => {
    for (const other of document.querySelectorAll(`input[name="${box.dataset.checkAll}"]`)) other.checked = box.checked;
  });
}
