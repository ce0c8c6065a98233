// A player for one piece of audio: button, position, time.

import { clock, element, icon } from "./dom.js";

let playing = null; // one at a time

/** Returns the player's element and its audio element. `source` is a Blob, or returns a promise of one when needed. */
export function player(source, { label, duration, onError }) {
  const audio = new Audio();
  const button = element("button", { type: "button", class: "round", "aria-label": `Play ${label}` }, icon("play"));
  const position = element("input", { type: "range", min: 0, max: duration || 0, step: "any", value: 0, "aria-label": "Position" });
  const time = element("span", { class: "time" });
  let loading = null;

  function load() {
    loading ??= (async () => {
      const content = typeof source === "function" ? await source() : source;
      audio.src = URL.createObjectURL(content);
    })().catch((error) => {
      loading = null;
      throw error;
    });
    return loading;
  }

  async function play() {
    try {
      await load();
      playing?.pause();
      playing = audio;
      await audio.play();
    } catch (error) {
      // Paused before it began; or it took too long to load for this press of the button, but not for the next.
      if (!["AbortError", "NotAllowedError"].includes(error.name)) onError(error);
    }
  }

  function show() {
    const length = Number.isFinite(audio.duration) ? audio.duration : duration || 0;
    position.max = length;
    position.value = audio.currentTime;
    position.setAttribute("aria-valuetext", `${clock(audio.currentTime)} of ${clock(length)}`);
    time.textContent = `${clock(audio.currentTime)} / ${clock(length)}`;
    const paused = audio.paused || audio.ended;
    button.setAttribute("aria-label", `${paused ? "Play" : "Pause"} ${label}`);
    button.replaceChildren(icon(paused ? "play" : "pause"));
  }

  button.addEventListener("click", () => (audio.paused ? play() : audio.pause()));
  position.addEventListener("input", () => {
    load().then(() => (audio.currentTime = Number(position.value)), onError);
  });
  for (const event of ["timeupdate", "play", "pause", "ended", "loadedmetadata", "seeked"]) audio.addEventListener(event, show);
  show();
  return {
    element: element("div", { class: "player", role: "group", "aria-label": `Player, ${label}` }, button, position, time),
    audio,
    toggle: () => (audio.paused ? play() : audio.pause()),
    async playFrom(seconds) {
      await load().catch(onError);
      audio.currentTime = seconds;
      await play();
    },
    close() {
      audio.pause();
      if (audio.src) URL.revokeObjectURL(audio.src);
    },
  };
}
