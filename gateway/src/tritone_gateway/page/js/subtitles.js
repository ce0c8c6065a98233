// SubRip subtitles from timed words.

const LINE = 42; // characters, two lines in each cue
const LONGEST_S = 7;
const LONGEST_PAUSE_S = 0.8;

/** The content of an .srt file; words have `text`, `start` and `end` in seconds. */
export function srt(words) {
  return cues(words)
    .map((cue, index) => `${index + 1}\n${time(cue[0].start)} --> ${time(cue.at(-1).end)}\n${lines(cue)}\n`)
    .join("\n");
}

function cues(words) {
  const found = [];
  for (const word of words) {
    const cue = found.at(-1);
    const last = cue?.at(-1);
    const fits =
      last &&
      !/[.?!…]["'”’)\]]*$/.test(last.text) &&
      word.start - last.end <= LONGEST_PAUSE_S &&
      word.end - cue[0].start <= LONGEST_S &&
      lines([...cue, word]).split("\n").length <= 2;
    if (fits) cue.push(word);
    else found.push([word]);
  }
  return found;
}

function lines(words) {
  const made = [""];
  for (const { text } of words) {
    const longer = made.at(-1) ? `${made.at(-1)} ${text}` : text;
    if (longer.length <= LINE || !made.at(-1)) made[made.length - 1] = longer;
    else made.push(text);
  }
  return made.join("\n");
}

function time(seconds) {
  const milliseconds = Math.round(seconds * 1000);
  const part = (value, digits) => String(Math.floor(value)).padStart(digits, "0");
  const [hours, minutes, rest] = [milliseconds / 3_600_000, (milliseconds / 60_000) % 60, (milliseconds / 1000) % 60];
  return `${part(hours, 2)}:${part(minutes, 2)}:${part(rest, 2)},${part(milliseconds % 1000, 3)}`;
}
