"""The graph against silero-vad's own, which takes one chunk a call."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime as ort

from export.onnx_graph import Graph
from export.verification import Array, Check, max_abs
from tritone.contract import SAMPLE_RATE_HZ
from tritone.recognition.voice_activity import CHUNK_SAMPLES, CONTEXT_SAMPLES, INPUTS, STATE_SHAPE

_TOLERANCE = 1e-4  # of probabilities; the operators round differently
_CUTS = (CHUNK_SAMPLES, 7 * CHUNK_SAMPLES, 40 * CHUNK_SAMPLES)  # a stretch ends there


def compare(path: Path, original: bytes, recordings: Sequence[Array]) -> list[Check]:
    """Compare probabilities.

    Args:
        path: the graph.
        original: silero-vad's graph.
        recordings: (N,) samples each, 16 kHz.
    """
    graph = Graph(path)
    session = ort.InferenceSession(original, providers=["CPUExecutionProvider"])
    expected = [_chunk_by_chunk(session, samples) for samples in recordings]
    whole = [_in_stretches(graph, samples, ()) for samples in recordings]
    cut = [_in_stretches(graph, samples, _CUTS) for samples in recordings]
    shortest = min(map(len, recordings))
    rows = np.stack([samples[:shortest] for samples in recordings])
    batch = graph(audio=rows, **_beginning(len(rows)))["speech_probability"]
    alone = np.concatenate([_in_stretches(graph, row, ())[None] for row in rows])
    subject = f"{len(recordings)} recordings"
    return [
        Check(f"probabilities, {subject}", "max abs", _worst(whole, expected), _TOLERANCE),
        Check(f"the same in stretches, {subject}", "max abs", _worst(cut, expected), _TOLERANCE),
        Check("batch against alone", "max abs", max_abs(batch, alone), _TOLERANCE),
    ]


def _worst(measured: Sequence[Array], expected: Sequence[Array]) -> float:
    return max(max_abs(one, other) for one, other in zip(measured, expected, strict=True))


def _beginning(rows: int) -> dict[str, Array]:
    return {
        "context": np.zeros((rows, CONTEXT_SAMPLES), np.float32),
        "state": np.zeros((rows, *STATE_SHAPE), np.float32),
    }


def _in_stretches(graph: Graph, samples: Array, cuts: Sequence[int]) -> Array:
    carried, found = list(_beginning(1).values()), []
    for stretch in np.split(samples, [cut for cut in cuts if cut < samples.size]):
        outputs = graph(**dict(zip(INPUTS, [stretch[None], *carried], strict=True)))
        found.append(outputs["speech_probability"][0])
        carried = [outputs["next_context"], outputs["next_state"]]
    return np.concatenate(found)


def _chunk_by_chunk(session: ort.InferenceSession, samples: Array) -> Array:
    """Run the original as its package does: context before each chunk, zeros after the last."""
    padded = np.pad(samples, (0, -samples.size % CHUNK_SAMPLES))
    context, state = np.zeros((1, CONTEXT_SAMPLES), np.float32), np.zeros((2, 1, 128), np.float32)
    found = []
    for chunk in padded.reshape(-1, 1, CHUNK_SAMPLES):
        sent = {
            "input": np.hstack([context, chunk]),
            "state": state,
            "sr": np.array(SAMPLE_RATE_HZ, np.int64),
        }
        probability, state = session.run(None, sent)
        context = chunk[:, -CONTEXT_SAMPLES:]
        found.append(probability[0, 0])
    return np.array(found)
