// The page: which view is shown, and the key.

import { key, onMissingKey, setKey } from "./api.js";
import * as captions from "./captions.js";
import { byId } from "./dom.js";
import * as history from "./history.js";
import * as speak from "./speak.js";
import * as transcribe from "./transcribe.js";

const views = ["transcribe", "captions", "speak", "history"];
const links = [...document.querySelectorAll("nav a")];

function show(moveFocus) {
  const name = location.hash.slice(1);
  if (!views.includes(name) && name) return; // the link to the content
  const current = name || views[0];
  for (const view of views) byId(view).hidden = view !== current;
  for (const link of links) {
    if (link.hash === `#${current}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const title = byId(`${current}-title`);
  document.title = `${title.textContent} · tritone`;
  scrollTo(0, 0);
  if (moveFocus) title.focus({ preventScroll: true }); // so that it is read out
  if (current === "history") history.open();
}

let asking = null; // several requests may need the key at a time
onMissingKey((reason) => {
  asking ??= new Promise((resolve) => {
    const [dialog, input] = [byId("key-dialog"), byId("key-input")];
    if (reason) byId("key-reason").textContent = reason;
    input.value = "";
    dialog.returnValue = "";
    dialog.showModal();
    dialog.addEventListener(
      "close",
      () => {
        asking = null;
        resolve(dialog.returnValue === "ok" ? input.value.trim() : null);
      },
      { once: true },
    );
  });
  return asking;
});
byId("key-cancel").addEventListener("click", () => byId("key-dialog").close(""));
byId("forget-key").addEventListener("click", () => {
  setKey(null);
  location.reload(); // nothing that was shown with it stays
});
document.addEventListener("keychange", () => (byId("forget-key").hidden = !key()));
byId("forget-key").hidden = !key();

for (const view of [transcribe, captions, speak, history]) view.start();
addEventListener("hashchange", () => show(true));
show(false);
