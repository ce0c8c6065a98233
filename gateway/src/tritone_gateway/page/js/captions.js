// Live captions from the microphone, over /v1/listen.

import { address, key, request } from "./api.js";
import { byId, copy, element, fileName, save } from "./dom.js";
import { levelMeter } from "./level.js";
import { openMicrophone } from "./microphone.js";
import { clear, show } from "./problems.js";
import { srt } from "./subtitles.js";

const view = byId("captions");
const listen = byId("listen");
const [final, interim, box] = [byId("captions-final"), byId("captions-interim"), byId("captions-box")];
const words = []; // of everything that is final
let session = null; // while it listens
let offset = 0; // seconds of earlier sessions

export function start() {
  listen.addEventListener("click", () => (session ? stop() : begin()));
  const copyButton = byId("captions-copy");
  copyButton.addEventListener("click", () => copy([...final.children].map((line) => line.textContent).join("\n"), copyButton));
  byId("captions-srt").addEventListener("click", () => save(new Blob([srt(words)], { type: "text/plain" }), fileName("captions", "srt")));
  byId("captions-clear").addEventListener("click", () => {
    final.replaceChildren();
    words.length = 0;
    interim.textContent = "";
    offset = session ? offset : 0;
    settle();
    listen.focus();
  });
}

async function begin() {
  clear(view);
  listen.disabled = true;
  const queued = []; // before the connection is open
  let socket = null;
  const send = (audio) => (socket?.readyState === WebSocket.OPEN ? socket.send(audio) : queued.push(audio));
  let microphone = null;
  try {
    byId("listen-level").hidden = false;
    microphone = await openMicrophone({
      onAudio: send,
      onLevel: levelMeter(byId("listen-level")),
      onEnd: () => session && !session.stopping && stop(),
    });
    state("Connecting …");
    socket = await connected(microphone.sampleRate);
    queued.splice(0).forEach((audio) => socket.send(audio));
    session = { microphone, socket, length: 0, stopping: false };
    socket.addEventListener("message", ({ data }) => received(JSON.parse(data)));
    socket.addEventListener("close", (event) => closed(event));
    listen.classList.add("active");
    listen.querySelector("span").textContent = "Stop";
    state("Listening …");
  } catch (error) {
    await microphone?.stop();
    byId("listen-level").hidden = true;
    state("");
    show(view, error, begin);
  } finally {
    listen.disabled = false;
  }
}

function connected(sampleRate) {
  const query = new URLSearchParams({ interim_results: "true", punctuate: "true" });
  if (sampleRate) {
    query.set("encoding", "linear16");
    query.set("sample_rate", sampleRate);
  }
  if (byId("captions-figures").checked) query.set("smart_format", "true");
  const path = `v1/listen?${query}`;
  const target = address(path);
  target.protocol = target.protocol.replace("http", "ws");
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(target, key() ? ["token", key()] : []);
    const retry = () => refused(path).then(() => connected(sampleRate)).then(resolve, reject);
    socket.addEventListener("error", retry);
    socket.addEventListener("open", () => {
      socket.removeEventListener("error", retry); // later errors are followed by "close"
      resolve(socket);
    });
  });
}

// A browser does not say why a WebSocket was refused. The same request without one is answered with the reason.
async function refused(path) {
  const before = key();
  try {
    await request(path);
  } catch (error) {
    if (error.status === 426 && key() !== before) return; // a key has been given meanwhile
    if (error.status === 426) throw new DOMException("The connection broke off.", "ClosedError");
    throw error;
  }
}

function received(message) {
  if (message.type === "Error") session.problem = new DOMException(message.description, "ClosedError");
  if (message.type !== "Results") return;
  const { transcript, words: found } = message.channel.alternatives[0];
  const follow = box.scrollHeight - box.scrollTop - box.clientHeight < 40; // not while somebody reads further up
  session.length = message.start + message.duration;
  interim.textContent = message.is_final ? "" : transcript;
  if (message.is_final && transcript) {
    final.append(element("p", {}, transcript));
    words.push(...found.map((word) => ({ text: word.punctuated_word ?? word.word, start: offset + word.start, end: offset + word.end })));
  }
  settle();
  if (follow) box.scrollTop = box.scrollHeight;
}

async function stop() {
  session.stopping = true;
  listen.disabled = true;
  state("Finishing …");
  await session.microphone.stop();
  if (session?.socket.readyState === WebSocket.OPEN) session.socket.send('{"type": "CloseStream"}');
}

async function closed({ code, reason }) {
  const { microphone, problem, stopping, length } = session;
  session = null;
  offset += length;
  if (!stopping) await microphone.stop();
  interim.textContent = "";
  byId("listen-level").hidden = true;
  listen.disabled = false;
  listen.classList.remove("active");
  listen.querySelector("span").textContent = "Start";
  state("");
  settle();
  if (problem) show(view, problem, begin);
  else if (code !== 1000) show(view, new DOMException(reason || "The connection broke off.", "ClosedError"), begin);
}

function settle() {
  const something = final.children.length > 0;
  byId("captions-empty").hidden = something || interim.textContent !== "";
  byId("captions-tools").hidden = !something;
}

function state(text) {
  byId("listen-state").textContent = text;
}
