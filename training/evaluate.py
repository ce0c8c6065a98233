"""Word error rates of a speech checkpoint, or of the graphs exported from it, for every voice.

    python -m training.evaluate --nemo training/checkpoints/quartznet_people_en.nemo \\
        --language-model model_repository/asr_ctc_decoder/1/words.arpa.xz
    python -m training.evaluate --labels asr_ctc_decoder/1/ctc.json \\
        --graphs FEATURES/1/model.onnx ACOUSTIC_MODEL/1/model_int8.onnx
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from training.augmentation import Audio
from training.corpus import DIGITS, spell
from training.scoring import WordErrors, greedy_text
from training.shards import Clip, as_float, pad, read_split
from training.voices import SAMPLE_RATE_HZ
from tritone.recognition.ctc import CtcDecoder
from tritone.recognition.frames import Frames
from tritone.recognition.labels import Labels

# Turns clips, each (N,) float32 at 16 kHz, into (T, V) log-probabilities for each.
Recognizer = Callable[[Sequence[Audio]], list[NDArray[np.float32]]]
BATCH_CLIPS = 8


def nemo_recognizer(path: Path) -> tuple[Recognizer, list[str]]:
    """Load a .nemo file; returns its recognizer and labels."""
    import torch
    from nemo.collections.asr.models import EncDecCTCModel

    model = EncDecCTCModel.restore_from(str(path), map_location="cpu").eval()

    def recognize(clips: Sequence[Audio]) -> list[NDArray[np.float32]]:
        audio, length = (torch.from_numpy(array) for array in pad(clips))
        with torch.inference_mode():
            log_probs, frames, _ = model(input_signal=audio, input_signal_length=length)
        return [row[:count].numpy() for row, count in zip(log_probs, frames.tolist(), strict=True)]

    return recognize, list(model.cfg.labels)


def graph_recognizer(features_path: Path, acoustic_path: Path) -> Recognizer:
    """Load the exported front end and acoustic graph."""
    import onnxruntime

    features_graph, acoustic_graph = (
        onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        for path in (features_path, acoustic_path)
    )

    def recognize(clips: Sequence[Audio]) -> list[NDArray[np.float32]]:
        audio, length = pad(clips)
        features, features_length = features_graph.run(
            ["features", "features_length"], {"audio": audio, "audio_length": length[:, None]}
        )
        log_probs, frames = acoustic_graph.run(
            ["log_probs", "log_probs_length"], {"features": features, "features_length": features_length}
        )
        return [row[: int(count)] for row, count in zip(log_probs, frames[:, 0], strict=True)]

    return recognize


def hear(recognize: Recognizer, clips: Sequence[Audio]) -> list[NDArray[np.float32]]:
    """Recognise clips, a few of similar length at a time; returns (T, V) log-probabilities for each."""
    order = sorted(range(len(clips)), key=lambda index: len(clips[index]))
    heard = [np.zeros((0, 0), np.float32)] * len(clips)
    for start in range(0, len(order), BATCH_CLIPS):
        indices = order[start : start + BATCH_CLIPS]
        for index, log_probs in zip(indices, recognize([clips[i] for i in indices]), strict=True):
            heard[index] = log_probs
    return heard


def transcribe(recognize: Recognizer, clips: Sequence[Audio], labels: Sequence[str]) -> list[str]:
    """Transcribe clips greedily."""
    return [greedy_text(log_probs, labels) for log_probs in hear(recognize, clips)]


def searched_texts(
    heard: Iterable[NDArray[np.float32]], labels: Sequence[str], language_model: Path
) -> list[str]:
    """Transcribe (T, V) log-probabilities by the beam search, with the weights that are its defaults."""
    from tritone.recognition.decoder import BEAM, Choices, Decoder
    from tritone.recognition.language_model import LanguageModel
    from tritone.recognition.settings import SearchSettings

    ctc = CtcDecoder(Labels.letters(labels, blank=len(labels)), frame_s=0.0)  # times are not read
    decoder = Decoder(ctc, LanguageModel(language_model), SearchSettings())
    choices = Choices(BEAM)
    return [decoder.decode(Frames(log_probs), 0.0, choices).words.transcript for log_probs in heard]


def tabulate(groups: Sequence[str], references: Sequence[str], texts: Sequence[str]) -> dict[str, WordErrors]:
    """Sum errors per group."""
    table: dict[str, WordErrors] = {}
    for group, reference, text in zip(groups, references, texts, strict=True):
        table.setdefault(group, WordErrors()).add(reference, text)
    return table


def group_of(utterance: Clip) -> str:
    """Name the row of the table that an utterance belongs to."""
    if utterance.source != "synthetic":
        return f"real people, {utterance.source}"
    kind = "digits" if only_digits(utterance) else "sentences"
    return f"{utterance.voice}, {kind}"


def only_digits(utterance: Clip) -> bool:
    """Whether an utterance is a string of digits."""
    return set(utterance.text.split()) <= set(DIGITS)


def read_real_speech(manifest: Path) -> Iterable[tuple[str, str, Audio]]:
    """Yield source, spelled text and 16 kHz audio of a manifest of recordings outside the training data."""
    for line in manifest.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        audio, rate_hz = soundfile.read(
            manifest.parent / row["audio_filepath"], dtype="float32", always_2d=True
        )
        mono = audio.mean(axis=1)
        clip = mono if rate_hz == SAMPLE_RATE_HZ else soxr.resample(mono, rate_hz, SAMPLE_RATE_HZ)
        yield row["source"].split(",")[0], spell(row["text"]), clip


def markdown(
    tables: Mapping[str, Mapping[str, WordErrors]], heading: str = "speech", order: Sequence[str] = ()
) -> str:
    """Format tables of the same rows as one.

    Args:
        tables: by the heading of their column.
        heading: of the column of the rows' names.
        order: of the rows; otherwise that of the alphabet.
    """
    rows = [f"| {heading} | clips | words |" + "".join(f" {heading} |" for heading in tables)]
    rows.append("|---" * (3 + len(tables)) + "|")
    first = next(iter(tables.values()))
    for name in [name for name in order if name in first] or sorted(first):
        errors = first[name]
        rates = "".join(f" {table[name].rate:.1%} |" for table in tables.values())
        rows.append(f"| {name} | {errors.utterances} | {errors.words} |{rates}")
    return "\n".join(rows)


def total(table: dict[str, WordErrors], ending: str) -> WordErrors:
    """Sum the rows whose name has an ending."""
    rows = [errors for name, errors in table.items() if name.endswith(ending)]
    return WordErrors(
        sum(r.errors for r in rows), sum(r.words for r in rows), sum(r.utterances for r in rows)
    )


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description="Word error rates of a speech checkpoint for every voice.")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--nemo", type=Path, help="checkpoint")
    source.add_argument(
        "--graphs", type=Path, nargs=2, metavar=("FEATURES", "ACOUSTIC"), help="exported graphs"
    )
    parser.add_argument("--labels", type=Path, help="ctc.json of the exported decoder, with --graphs")
    parser.add_argument(
        "--language-model", type=Path, help="of the decoder, words.arpa.xz: rates of the beam search, too"
    )
    parser.add_argument(
        "--data", type=Path, default=Path("training/data/speech"), help="output of training.prepare"
    )
    parser.add_argument("--split", default="test", choices=("validation", "test"))
    parser.add_argument("--real", type=Path, help="manifest of other recordings, never trained on")
    parser.add_argument("--every", type=int, default=1, help="take every n-th clip of the split")
    parser.add_argument("--sources", nargs="+", help="only these corpora; synthetic is one of them")
    parser.add_argument("--output", type=Path, help="JSON file for the rates")
    parser.add_argument("--show", type=int, default=0, help="print the first n transcripts")
    arguments = parser.parse_args()

    if arguments.nemo:
        recognize, labels = nemo_recognizer(arguments.nemo)
    else:
        if not arguments.labels:
            parser.error("--graphs needs --labels, the ctc.json beside the exported decoder")
        recognize = graph_recognizer(*arguments.graphs)
        labels = [text or " " for text in json.loads(arguments.labels.read_text(encoding="utf-8"))["labels"]]

    utterances = read_split(arguments.data, arguments.split)
    utterances = [u for u in utterances if not arguments.sources or u.source in arguments.sources]
    utterances = utterances[:: arguments.every]
    items = [(group_of(u), u.text, as_float(u.samples())) for u in utterances]
    if arguments.real:
        items += read_real_speech(arguments.real)
    groups, references, clips = zip(*items, strict=True)
    heard = hear(recognize, clips)
    texts = {"word error rate": [greedy_text(log_probs, labels) for log_probs in heard]}
    if arguments.language_model:
        searched = searched_texts(heard, labels, arguments.language_model)
        texts = {"greedy": texts["word error rate"], "with the language model": searched}
    tables = {heading: tabulate(groups, references, column) for heading, column in texts.items()}
    for table in tables.values():
        table["all synthetic voices, sentences"] = total(table, ", sentences")
    print(markdown(tables))
    for index in range(min(arguments.show, len(groups))):
        print(f"{groups[index]}\n  said  {references[index]}")
        for column in texts.values():
            print(f"  heard {column[index]}")
    if arguments.output:
        rates = {
            heading: {n: {"wer": e.rate, "words": e.words, "clips": e.utterances} for n, e in table.items()}
            for heading, table in tables.items()
        }
        written = rates if len(rates) > 1 else next(iter(rates.values()))
        arguments.output.write_text(json.dumps(written, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
