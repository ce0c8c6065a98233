"""Make the demo voice's data: short utterances in one synthetic voice, as shards with manifests.

    python -m training.synthesis.prepare --packages kokoro/ --text sentences.tsv training/data/books.tsv

Shards that exist are kept, so the command continues where it stopped.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

from training.corpus import SPLITS, read_sentences
from training.shards import write_shard
from training.synthesis.kokoro import SAMPLE_RATE_HZ as TEACHER_RATE_HZ
from training.synthesis.kokoro import Audio, Kokoro
from training.synthesis.phonemes import UnknownWordError, phonemise, read_dictionary
from training.synthesis.pronunciations import DICTIONARY
from training.synthesis.texts import texts_of
from training.voices import SAMPLE_RATE_HZ, Samples, resampled

VOICE = "af_heart"
LONGEST_S = 4.8
SHARD_UTTERANCES = 200
HELD_OUT_UTTERANCES = 300  # of validation and test each

# Silence kept at the ends, so that all utterances start and stop alike.
LEAD_S, TAIL_S = 0.06, 0.12
SILENCE = 150  # int16 amplitude below which the voice does not speak


def trimmed(audio: Samples) -> Samples:
    """Leave a fixed silence at both ends of (N,) int16."""
    loud = np.flatnonzero(np.abs(audio.astype(np.int32)) > SILENCE)
    if len(loud) == 0:
        return audio[:0]
    start, stop = loud[0] - round(LEAD_S * SAMPLE_RATE_HZ), loud[-1] + round(TAIL_S * SAMPLE_RATE_HZ)
    missing = max(-start, 0), max(stop - len(audio), 0)
    return np.pad(audio[max(start, 0) : stop], missing)


def as_samples(audio: Audio) -> Samples:
    """Turn the teacher's audio into (N,) int16 at the demo voice's rate."""
    return resampled((np.clip(audio, -1, 1) * 32767).astype(np.int16), TEACHER_RATE_HZ)


def spoken(
    teacher: Kokoro, dictionary: Mapping[str, list[str]], texts: Iterable[str]
) -> Iterator[tuple[Samples, str]]:
    """Speak utterances, leaving out those that take too long."""
    for text in texts:
        audio = trimmed(as_samples(teacher.speak(phonemise(text, dictionary))))
        if 0 < len(audio) <= LONGEST_S * SAMPLE_RATE_HZ:
            yield audio, text


def is_readable(text: str, dictionary: Mapping[str, list[str]]) -> bool:
    """Whether the dictionary has every word."""
    try:
        return bool(phonemise(text, dictionary))
    except UnknownWordError:
        return False


def _write(path: Path, texts: list[str], packages: Path, dictionary: Path) -> Path:
    teacher = Kokoro(packages, VOICE)
    write_shard(path, spoken(teacher, read_dictionary(dictionary), texts), VOICE, "synthetic")
    return path


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description="Make the demo voice's data.")
    parser.add_argument(
        "--text", type=Path, nargs="+", required=True, help="TSV with the columns id and normalized_text"
    )
    parser.add_argument(
        "--packages",
        type=Path,
        required=True,
        help="folder of Kokoro's packages, see training/synthesis/kokoro.py",
    )
    parser.add_argument(
        "--dictionary", type=Path, default=DICTIONARY, help="output of training.synthesis.pronunciations"
    )
    parser.add_argument("--output", type=Path, default=Path("training/data/voice"))
    parser.add_argument("--utterances", type=int, default=6000, help="of the training split")
    parser.add_argument("--processes", type=int, default=2)
    arguments = parser.parse_args()

    sentences = [sentence for path in arguments.text for sentence in read_sentences(path)]
    readable = partial(is_readable, dictionary=read_dictionary(arguments.dictionary))
    jobs = []
    for split in reversed(SPLITS):
        count = arguments.utterances if split == "train" else HELD_OUT_UTTERANCES
        texts = texts_of(sentences, split, count, readable)
        for start in range(0, len(texts), SHARD_UTTERANCES):
            path = arguments.output / split / f"{VOICE}_{start // SHARD_UTTERANCES:03d}.wav"
            if not path.with_suffix(".jsonl").exists():
                chosen = texts[start : start + SHARD_UTTERANCES]
                jobs.append(partial(_write, path, chosen, arguments.packages, arguments.dictionary))
    with ProcessPoolExecutor(arguments.processes) as pool:
        for number, future in enumerate([pool.submit(job) for job in jobs], start=1):
            print(f"{number}/{len(jobs)} {future.result()}", flush=True)


if __name__ == "__main__":
    main()
