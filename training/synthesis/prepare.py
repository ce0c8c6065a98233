"""Make the demo voice's data: short utterances in one synthetic voice, as shards with manifests.

    python -m training.synthesis.prepare --text sentences.tsv training/data/books.tsv

Shards that exist are kept, so the command continues where it stopped.
"""

from __future__ import annotations

import argparse
import random
import re
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

from training.corpus import SPLITS, Sentence, expand, read_sentences, speakable
from training.digits import spoken_numbers
from training.shards import write_shard
from training.voices import SAMPLE_RATE_HZ, Samples, TtsVoice, speak

VOICE = TtsVoice("espeak_us_180", "espeak", "en-us", rates=(180, 180), pitches=(50, 50))
LONGEST_CHARACTERS = 72
LONGEST_S = 4.8
SHARD_UTTERANCES = 2000
NUMBERS_SHARE = 0.03  # of the utterances are strings of digits
WORD_SHARE = 0.04  # of the utterances are a single word

# Silence kept at the ends, so that all utterances start and stop alike.
LEAD_S, TAIL_S = 0.06, 0.12
SILENCE = 150  # int16 amplitude below which the voice does not speak

_DROPPED = re.compile(r"[\"“”()\[\]{}*_]|(?<![A-Za-z])'|'(?![A-Za-z])")
_DASHES = re.compile(r"\s*(?:--+|[\u2013\u2014])\s*")


def utterances(text: str) -> Iterator[str]:
    """Cut a row into utterances: sentences where they are short, else clauses.

    Rows without a mark at the end, which the corpus cut inside a sentence, get a comma.
    """
    text = _DROPPED.sub("", _DASHES.sub(", ", expand(text)))
    for sentence in re.findall(r"[^.?!;:]+[.?!;:]*", text):
        for piece in [sentence] if len(sentence) <= LONGEST_CHARACTERS else re.findall(r"[^,]+,?", sentence):
            words = " ".join(piece.split())
            mark = next((mark for mark in "?!." if mark in words[-3:]), ",")
            words = words.strip(" ,.?!;:")
            if re.search("[A-Za-z]", words) and len(words) < LONGEST_CHARACTERS:
                yield words + mark


def trimmed(audio: Samples) -> Samples:
    """Leave a fixed silence at both ends of (N,) int16."""
    loud = np.flatnonzero(np.abs(audio.astype(np.int32)) > SILENCE)
    if len(loud) == 0:
        return audio[:0]
    start, stop = loud[0] - round(LEAD_S * SAMPLE_RATE_HZ), loud[-1] + round(TAIL_S * SAMPLE_RATE_HZ)
    missing = max(-start, 0), max(stop - len(audio), 0)
    return np.pad(audio[max(start, 0) : stop], missing)


def spoken(texts: Iterable[str]) -> Iterator[tuple[Samples, str]]:
    """Speak utterances, leaving out those that take too long."""
    randomness = random.Random(0)
    for text in texts:
        audio = trimmed(speak(VOICE, text, randomness))
        if 0 < len(audio) <= LONGEST_S * SAMPLE_RATE_HZ:
            yield audio, text


def texts_of(sentences: list[Sentence], count: int, seed: str) -> list[str]:
    """Choose up to `count` utterances, with strings of digits and single words among them."""
    randomness = random.Random(seed)
    found = sorted({text for s in sentences if speakable(s.text) for text in utterances(s.text)})
    numbers = list(spoken_numbers(round(count * NUMBERS_SHARE), randomness))
    words = sorted({word for text in found for word in re.findall(r"[A-Za-z']{2,}", text)})
    chosen = randomness.sample(found, min(len(found), count))
    alone = randomness.sample(words, min(len(words), round(count * WORD_SHARE)))
    chosen += numbers + [f"{word}." for word in alone]
    randomness.shuffle(chosen)
    return chosen


def _write(path: Path, texts: list[str]) -> Path:
    write_shard(path, spoken(texts), VOICE.name, "synthetic")
    return path


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description="Make the demo voice's data.")
    parser.add_argument(
        "--text", type=Path, nargs="+", required=True, help="TSV with the columns id and normalized_text"
    )
    parser.add_argument("--output", type=Path, default=Path("training/data/voice"))
    parser.add_argument("--utterances", type=int, default=20000, help="of the training split")
    parser.add_argument("--processes", type=int, default=2)
    arguments = parser.parse_args()

    sentences = [sentence for path in arguments.text for sentence in read_sentences(path)]
    jobs = []
    for split in SPLITS:
        count = arguments.utterances if split == "train" else 300
        texts = texts_of([s for s in sentences if s.split == split], count, split)
        for start in range(0, len(texts), SHARD_UTTERANCES):
            path = arguments.output / split / f"{VOICE.name}_{start // SHARD_UTTERANCES:03d}.wav"
            if not path.with_suffix(".jsonl").exists():
                jobs.append(partial(_write, path, texts[start : start + SHARD_UTTERANCES]))
    with ProcessPoolExecutor(arguments.processes) as pool:
        for number, future in enumerate([pool.submit(job) for job in jobs], start=1):
            print(f"{number}/{len(jobs)} {future.result()}", flush=True)


if __name__ == "__main__":
    main()
