// Recordings to text.

import { upload } from "./api.js";
import { byId, clock, element } from "./dom.js";
import { levelMeter } from "./level.js";
import { openMicrophone, wav } from "./microphone.js";
import { clear, show } from "./problems.js";
import { transcriptView } from "./transcript.js";

const view = byId("transcribe");
const record = byId("record");
const drop = byId("drop");
const result = byId("transcribe-result");
let recording = null; // while one is made
let working = null; // aborts the request that is running
let shown = null; // the transcript

export function start() {
  record.addEventListener("click", () => (recording ? finish() : begin()));
  byId("file").addEventListener("change", ({ target }) => {
    if (target.files.length) transcribe(target.files[0], target.files[0].name);
    target.value = "";
  });
  byId("transcribe-cancel").addEventListener("click", () => working?.abort());
  // The whole window takes files: one that is dropped beside the field would otherwise replace the page.
  addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
  addEventListener("dragleave", (event) => event.relatedTarget ?? drop.classList.remove("over"));
  addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    const file = event.dataTransfer.files[0];
    if (!file) return;
    location.hash = "transcribe";
    transcribe(file, file.name);
  });
}

async function begin() {
  clear(view);
  record.disabled = true;
  const pieces = [];
  try {
    byId("recording").hidden = false;
    const level = levelMeter(byId("record-level"));
    const microphone = await openMicrophone({
      onAudio: (audio) => pieces.push(audio),
      onLevel: level,
      onEnd: () => recording && finish(),
    });
    const since = Date.now();
    const timer = setInterval(() => (byId("record-time").textContent = clock((Date.now() - since) / 1000)), 200);
    recording = { microphone, pieces, timer };
    setRecording(true);
  } catch (error) {
    byId("recording").hidden = true;
    show(view, error, begin);
  } finally {
    record.disabled = false;
  }
}

async function finish() {
  const { microphone, pieces, timer } = recording;
  recording = null;
  clearInterval(timer);
  setRecording(false);
  await microphone.stop();
  const audio = microphone.sampleRate ? wav(pieces, microphone.sampleRate) : new Blob(pieces, { type: microphone.type });
  await transcribe(audio, "Recording");
}

function setRecording(on) {
  record.classList.toggle("active", on);
  record.querySelector("span").textContent = on ? "Stop" : "Record";
  byId("recording").hidden = !on;
  byId("record-time").textContent = "0:00";
  byId("drop-hint").hidden = on;
  byId("choose").hidden = on;
}

async function transcribe(audio, name) {
  clear(view);
  working?.abort();
  const own = (working = new AbortController());
  shown?.player.close();
  result.replaceChildren();
  const [status, progress] = [byId("transcribe-status"), byId("transcribe-progress")];
  byId("transcribe-working").hidden = false;
  status.textContent = "Sending the recording …";
  progress.value = 0;
  try {
    if (!audio.size) throw new DOMException("The file is empty. Choose another one.", "EmptyError");
    const form = new FormData();
    form.append("audio", audio, "audio"); // no file name of the person's is sent
    form.append("name", name.slice(0, 200));
    const made = await upload("api/asr", form, {
      signal: own.signal,
      progress(share) {
        progress.value = share;
        if (share < 1) return;
        progress.removeAttribute("value"); // how long recognition takes is not known
        status.textContent = "Recognising …";
      },
    });
    const transcript = transcriptView(made, audio, (error) => show(view, error));
    shown = transcript;
    result.replaceChildren(element("article", { class: "card", "aria-label": "Result" }, element("h2", { tabindex: -1 }, made.name), ...transcript.elements));
    result.querySelector("h2").focus();
  } catch (error) {
    show(view, error, () => transcribe(audio, name));
  } finally {
    if (working === own) byId("transcribe-working").hidden = true;
  }
}
