// What was recognised and spoken before.

import { audioOf, json } from "./api.js";
import { byId, clock, element, fileName, icon, save, when } from "./dom.js";
import { player } from "./player.js";
import { clear, show } from "./problems.js";
import { transcriptView } from "./transcript.js";

const PAGE = 20;
const view = byId("history");
const [list, search, more, state] = ["history-list", "history-search", "history-more", "history-state"].map(byId);
let feeds = [];
let turn = 0; // of the search that counts
let waiting; // for the end of typing

/** The records of one kind, the newest first, fetched page by page. */
class Feed {
  constructor(kind, words) {
    Object.assign(this, { kind, words, records: [], offset: 0, done: false });
  }

  async fill() {
    if (this.records.length || this.done) return;
    const query = new URLSearchParams({ limit: PAGE, offset: this.offset, ...(this.words && { search: this.words }) });
    const page = await json(`api/${this.kind}?${query}`);
    this.records = page.results.map((record) => ({ kind: this.kind, ...record }));
    this.offset += page.results.length;
    this.done = !page.next;
  }

  get newest() {
    return this.records.length ? this.records[0].created_at : "";
  }
}

export function start() {
  search.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(open, 250);
  });
  view.querySelectorAll("[name=history-kind]").forEach((choice) => choice.addEventListener("change", open));
  more.addEventListener("click", async () => {
    const first = list.children.length;
    await extend();
    list.children[first]?.querySelector("button")?.focus();
  });
}

/** Show the newest records. */
export async function open() {
  turn += 1;
  clearTimeout(waiting);
  const kind = view.querySelector("[name=history-kind]:checked").value;
  feeds = (kind === "all" ? ["asr", "tts"] : [kind]).map((each) => new Feed(each, search.value.trim()));
  await extend(true);
}

async function extend(fresh = false) {
  const own = turn;
  clear(view);
  try {
    const found = [];
    while (found.length < PAGE) {
      await Promise.all(feeds.map((feed) => feed.fill()));
      const newest = feeds.reduce((best, feed) => (feed.newest > best.newest ? feed : best));
      if (!newest.records.length) break;
      found.push(newest.records.shift());
    }
    if (own !== turn) return; // another search has begun
    if (fresh) list.replaceChildren();
    list.append(...found.map(item));
    more.hidden = feeds.every((feed) => feed.done && !feed.records.length);
    tell();
  } catch (error) {
    if (own === turn) show(view, error, open);
  }
}

function tell() {
  const none = search.value.trim() ? "Nothing was found." : "Nothing yet. What you transcribe or have spoken is kept here.";
  state.textContent = list.children.length ? "" : none;
}

function item(record) {
  const recording = record.kind === "asr";
  const words = recording ? record.Output ?? "" : record.text_content;
  const title = words || { done: "No speech was found", failed: record.error }[record.state] || "Waiting to be recognised";
  const body = element("div", { class: "body", hidden: true });
  const problem = (error) => show(view, error);
  let opened = null;

  const playButton = element("button", { type: "button", class: "round", onclick: play }, icon("play"));
  const openButton = element("button", { type: "button", class: "quiet", "aria-expanded": "false", onclick: () => unfold(body.hidden) }, "Open");
  label("Play");

  async function unfold(open) {
    try {
      opened ??= await content();
    } catch (error) {
      problem(error);
      return false;
    }
    body.hidden = !open;
    openButton.setAttribute("aria-expanded", String(open));
    openButton.textContent = open ? "Close" : "Open";
    if (!open) opened.player.audio.pause();
    return true;
  }

  async function play() {
    if (await unfold(true)) opened.player.toggle();
  }

  function label(does) {
    playButton.setAttribute("aria-label", `${does}: ${title.slice(0, 60)}`);
    playButton.replaceChildren(icon(does === "Play" ? "play" : "pause"));
  }

  async function content() {
    const audio = () => audioOf(record);
    const made = recording ? transcriptView(await json(`api/asr/${record.uuid}`), audio, problem) : spoken(audio);
    made.player.audio.addEventListener("play", () => label("Pause"));
    made.player.audio.addEventListener("pause", () => label("Play"));
    body.replaceChildren(...made.elements);
    return made;
  }

  function spoken(audio) {
    const playing = player(audio, { label: "speech", duration: record.duration_s, onError: problem });
    return { elements: [element("p", { class: "transcript" }, words), playing.element], player: playing };
  }

  async function download() {
    try {
      save(await audioOf(record), fileName(record.name || words.slice(0, 40), record.audio.split(".").at(-1)));
    } catch (error) {
      problem(error);
    }
  }

  async function remove() {
    if (!(await confirmed(title))) return;
    try {
      await json(`api/${record.kind}/${record.uuid}`, { method: "DELETE" });
    } catch (error) {
      if (error.status !== 404) return problem(error);
    }
    opened?.player.close();
    const next = entry.nextElementSibling ?? entry.previousElementSibling;
    entry.remove();
    tell();
    (next?.querySelector("button") ?? search).focus();
  }

  const meta = [recording ? record.name || "Recording" : "Speech", when(new Date(record.created_at)), clock(record.duration_s)];
  const entry = element(
    "li",
    { class: "record" },
    element(
      "div",
      { class: "head" },
      playButton,
      element("div", {}, element("h2", {}, title), element("p", { class: "meta" }, meta.filter(Boolean).join(" · "))),
      element(
        "div",
        { class: "tools" },
        openButton,
        element("button", { type: "button", class: "quiet", onclick: download }, "Download"),
        element("button", { type: "button", class: "quiet", onclick: remove }, "Delete"),
      ),
    ),
    body,
  );
  return entry;
}

function confirmed(title) {
  const dialog = byId("confirm-dialog");
  byId("confirm-text").textContent = `“${title.length > 80 ? `${title.slice(0, 80)} …` : title}” and its audio are removed for good.`;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener("close", () => resolve(dialog.returnValue === "delete"), { once: true }));
}
