// A text whose words light up as the recording plays; a click on one plays from there.

import { clock, copy, element, fileName, save } from "./dom.js";
import { player } from "./player.js";
import { srt } from "./subtitles.js";

const UNSURE = 0.7; // below this confidence a word is marked

/** The words to show: punctuated ones, with the times of those that were recognised. */
export function shownWords(record) {
  const shown = (record.Output ?? "").split(/\s+/).filter(Boolean);
  const words = record.words ?? [];
  const same = shown.length === words.length; // punctuation normally leaves the number as it is
  return words.map((word, index) => ({
    text: same ? shown[index] : word.word,
    start: word.start_s,
    end: word.end_s,
    confidence: word.confidence,
  }));
}

/** A transcript with its player and tools; `audio` is a Blob, or returns a promise of one. */
export function transcriptView(record, audio, onError) {
  const words = shownWords(record);
  const title = record.name || "recording";
  const playing = player(audio, { label: title, duration: record.duration_s, onError });
  const spans = words.map((word, index) =>
    element(
      "span",
      {
        class: word.confidence < UNSURE ? "word unsure" : "word",
        role: "button",
        tabindex: index ? -1 : 0,
        title: `${clock(word.start)}, ${percent(word.confidence)} sure`,
        "aria-label": word.confidence < UNSURE ? `${word.text}, unsure` : word.text,
      },
      word.text,
    ),
  );
  const text = element(
    "p",
    { class: "transcript", role: "group", "aria-label": "Transcript. Arrow keys move from word to word, Enter plays from there." },
    ...(spans.length ? spans.flatMap((span) => [span, " "]) : ["No speech was found."]),
  );
  if (!spans.length) text.classList.add("empty");

  let focused = 0;
  function focus(index) {
    spans[focused].tabIndex = -1;
    focused = Math.max(0, Math.min(spans.length - 1, index));
    spans[focused].tabIndex = 0;
    spans[focused].focus();
  }
  text.addEventListener("click", ({ target }) => {
    const index = spans.indexOf(target);
    if (index >= 0) playing.playFrom(words[index].start);
  });
  text.addEventListener("keydown", (event) => {
    const moves = { ArrowRight: focused + 1, ArrowLeft: focused - 1, Home: 0, End: spans.length - 1 };
    if (event.key in moves) focus(moves[event.key]);
    else if (event.key === "Enter" || event.key === " ") playing.playFrom(words[focused].start);
    else return;
    event.preventDefault();
  });
  followed(playing.audio, words, spans);

  const copyButton = element("button", { type: "button", class: "quiet", onclick: () => copy(record.Output, copyButton) }, "Copy");
  const tools = element(
    "div",
    { class: "row tools" },
    copyButton,
    element("button", { type: "button", class: "quiet", onclick: () => save(new Blob([srt(words)], { type: "text/plain" }), fileName(title, "srt")) }, "Download subtitles"),
  );
  const parts = [text, playing.element];
  if (words.length) parts.push(element("div", { class: "row spread" }, summary(words), tools));
  return { elements: parts, player: playing };
}

function followed(audio, words, spans) {
  let now = null;
  function follow() {
    // Browsers seek to a frame of the file, which may begin a little before the word.
    const index = words.findLastIndex((word) => word.start <= audio.currentTime + 0.08);
    const lit = index >= 0 && audio.currentTime <= words[index].end + 0.3 && !audio.ended ? spans[index] : null;
    if (lit !== now) {
      now?.classList.remove("now");
      lit?.classList.add("now");
      now = lit;
    }
    if (!audio.paused) requestAnimationFrame(follow);
  }
  audio.addEventListener("play", follow);
  audio.addEventListener("seeked", follow);
  audio.addEventListener("ended", follow);
}

function summary(words) {
  const mean = words.reduce((sum, word) => sum + word.confidence, 0) / words.length;
  const unsure = words.some((word) => word.confidence < UNSURE);
  const parts = [element("span", {}, `${percent(mean)} sure on average`)];
  if (unsure) parts.push(element("span", { class: "legend" }, element("span", {}, "dotted"), "words may be wrong"));
  return element("p", { class: "row meta" }, ...parts);
}

const percent = (share) => `${Math.round(share * 100)} %`;
