"""Make the acoustic model's data: sentences in synthetic voices and real digits, as shards with manifests.

    python -m training.prepare --text sentences.tsv training/data/books.tsv --fsdd fsdd/

Shards that exist are kept, so the command continues where it stopped, and a larger --rounds adds to them.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import groupby
from pathlib import Path

from training import digits
from training.corpus import Sentence, expand, read_sentences, speakable, spell
from training.shards import write_shard
from training.voices import VOICES, Samples, TtsVoice, speak

LONGEST_S = 14.0
HELD_OUT_ROUNDS = {"validation": 1, "test": 1}
NUMBERS_PER_SHARD = {"train": 120, "validation": 5, "test": 20}
DIGIT_STRINGS = {"train": 700, "validation": 10, "test": 20}  # per real speaker


def share(sentences: list[Sentence], voice_index: int, round_index: int) -> list[Sentence]:
    """Choose the sentences that a voice speaks in a round.

    In one round each sentence is spoken once; over the rounds, by different voices.
    """
    stride = 3  # coprime to the number of voices: in ten rounds every voice speaks every sentence
    return [s for i, s in enumerate(sentences) if (i + stride * round_index) % len(VOICES) == voice_index]


def spoken(
    sentences: list[Sentence], numbers: int, voice: TtsVoice, seed: str
) -> Iterator[tuple[Samples, str]]:
    """Speak sentences and digit strings; yields audio and its text in the model's characters."""
    randomness = random.Random(seed)
    for text in [*(s.text for s in sentences), *digits.spoken_numbers(numbers, randomness)]:
        audio = speak(voice, expand(text), randomness)
        if len(audio) <= LONGEST_S * 16000:
            yield audio, spell(text)


def _voice_shard(path: Path, sentences: list[Sentence], numbers: int, voice: TtsVoice) -> Path:
    write_shard(path, spoken(sentences, numbers, voice, path.stem), voice.name, "synthetic")
    return path


def synthetic_jobs(text: Path, folder: Path, rounds: int) -> list[partial[Path]]:
    """List the shards of one corpus file that are still to be written, round by round."""
    sentences = read_sentences(text)
    jobs = []
    for split, count in {**HELD_OUT_ROUNDS, "train": rounds}.items():
        chosen = [s for s in sentences if s.split == split and speakable(s.text)]
        for round_index in range(count):
            for voice_index, voice in enumerate(VOICES.values()):
                path = folder / split / f"{text.stem}_{voice.name}_{round_index}.wav"
                if not path.with_suffix(".jsonl").exists():
                    mine = share(chosen, voice_index, round_index)
                    jobs.append(partial(_voice_shard, path, mine, NUMBERS_PER_SHARD[split], voice))
    return jobs


def write_digits(recordings: list[digits.Digit], folder: Path) -> None:
    """Write the real digits: every recording alone, and strings joined from them."""

    def speaker_and_split(digit: digits.Digit) -> tuple[str, str]:
        return digit.speaker, digit.split

    for (speaker, split), group in groupby(sorted(recordings, key=speaker_and_split), key=speaker_and_split):
        mine = list(group)
        single = ((digit.samples(), digit.text) for digit in mine)
        write_shard(folder / split / f"fsdd_{speaker}.wav", single, speaker, "fsdd")
        joined = digits.strings(mine, DIGIT_STRINGS[split], random.Random(f"{speaker} {split}"))
        write_shard(folder / split / f"fsdd_strings_{speaker}.wav", joined, speaker, "fsdd_strings")


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description="Make the acoustic model's data.")
    parser.add_argument(
        "--text", type=Path, nargs="+", required=True, help="TSV with the columns id and normalized_text"
    )
    parser.add_argument(
        "--fsdd", type=Path, help="folder of the Free Spoken Digit Dataset with manifest.jsonl"
    )
    parser.add_argument("--output", type=Path, default=Path("training/data/speech"))
    parser.add_argument("--rounds", type=int, default=4, help="how many voices speak each training sentence")
    parser.add_argument("--processes", type=int, default=2)
    arguments = parser.parse_args()

    if arguments.fsdd:
        write_digits(digits.read_digits(arguments.fsdd), arguments.output)
    with ProcessPoolExecutor(arguments.processes) as pool:
        jobs = [
            job for text in arguments.text for job in synthetic_jobs(text, arguments.output, arguments.rounds)
        ]
        for number, future in enumerate([pool.submit(job) for job in jobs], start=1):
            print(f"{number}/{len(jobs)} {future.result()}", flush=True)


if __name__ == "__main__":
    main()
