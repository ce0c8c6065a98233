// Texts to speech, heard as it is made.

import { audioOf, json, request } from "./api.js";
import { byId, clock, element, fileName, save } from "./dom.js";
import { player } from "./player.js";
import { clear, show } from "./problems.js";
import { playStream } from "./stream-player.js";

const RATE_HZ = 24_000; // of `pcm`
const view = byId("speak");
const [text, speed, startButton, pauseButton] = ["speak-text", "speak-speed", "speak-start", "speak-pause"].map(byId);
const result = byId("speak-result");
let speaking = null; // while it speaks
let shown = null;

export function start() {
  text.addEventListener("input", count);
  speed.addEventListener("input", pace);
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) byId("speak-form").requestSubmit();
  });
  byId("speak-form").addEventListener("submit", (event) => {
    event.preventDefault();
    if (speaking) stop();
    else speak();
  });
  pauseButton.addEventListener("click", () => {
    const pause = pauseButton.textContent === "Pause";
    pauseButton.textContent = pause ? "Go on" : "Pause";
    speaking?.playing?.[pause ? "pause" : "resume"]();
  });
  count();
  pace();
}

async function speak() {
  clear(view);
  if (!text.value.trim()) {
    text.focus();
    return state("Write a text first.");
  }
  const context = new AudioContext({ sampleRate: RATE_HZ });
  context.resume();
  const own = (speaking = { abort: new AbortController(), playing: null });
  const wanted = { text: text.value, seed: Math.floor(Math.random() * 2 ** 31), speed: Number(speed.value) };
  shown?.close();
  result.replaceChildren();
  setSpeaking(true);
  state("Preparing …");
  try {
    const response = await request("v1/audio/speech", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ model: "text_to_speech", voice: "default", input: wanted.text, speed: wanted.speed, seed: wanted.seed, response_format: "pcm" }),
      signal: own.abort.signal,
    });
    own.playing = await playStream(response, context, {
      onTime: (seconds) => speaking === own && (byId("speak-time").textContent = clock(seconds)),
    });
    state("Speaking");
    await own.playing.received;
    if (speaking !== own) return;
    keep(own, wanted); // the same seed gives the same speech
    await own.playing.finished;
  } catch (error) {
    show(view, error, speak);
  } finally {
    await own.playing?.stop();
    await context.close();
    if (speaking === own) {
      speaking = null;
      setSpeaking(false);
      state("");
    }
  }
}

async function keep(own, wanted) {
  try {
    const record = await json("api/tts", { method: "POST", body: { ...wanted, format: "mp3" }, signal: own.abort.signal });
    const audio = () => audioOf(record);
    const playing = player(audio, { label: "speech", duration: record.duration_s, onError: (error) => show(view, error) });
    shown = playing;
    const download = element("button", { type: "button", class: "quiet" }, "Download");
    download.addEventListener("click", async () => {
      try {
        save(await audio(), fileName(wanted.text.slice(0, 40), record.format));
      } catch (error) {
        show(view, error);
      }
    });
    result.replaceChildren(element("article", { class: "card", "aria-label": "Speech" }, playing.element, element("div", { class: "tools" }, download)));
  } catch (error) {
    show(view, error);
  }
}

async function stop() {
  const stopped = speaking;
  speaking = null;
  stopped.abort.abort();
  setSpeaking(false);
  state("");
  await stopped.playing?.stop();
}

function setSpeaking(on) {
  startButton.classList.toggle("active", on);
  startButton.querySelector("span").textContent = on ? "Stop" : "Speak";
  pauseButton.hidden = !on;
  pauseButton.textContent = "Pause";
  byId("speak-time").textContent = "";
}

function count() {
  byId("speak-count").textContent = `${text.value.length.toLocaleString()} of ${text.maxLength.toLocaleString()} characters`;
}

function pace() {
  byId("speak-speed-value").textContent = `${Number(speed.value)}×`;
}

function state(words) {
  byId("speak-state").textContent = words;
}
