"""The whole chain for punctuation: a .nemo file in, a served model repository out."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import numpy as np
import pytest
import torch
from nemo.collections.nlp.models import PunctuationCapitalizationModel
from tokenizers import Tokenizer

from export import __main__ as command
from export.families.punctuation_bert.archive_only import archive_only, build_tokenizer, is_uncased
from export.families.punctuation_bert.random_checkpoint import save_punctuation_model, vocabulary
from export.families.punctuation_bert.tokenizer import PROBE_WORDS, convert
from export.onnx_graph import Graph
from export.verification import max_abs

from .conftest import BERT

pytestmark = pytest.mark.parity


@pytest.fixture(scope="module", params=["bert", "distilbert"])
def exported(request, checkpoints, tmp_path_factory):
    """The checkpoint and the repository that it was exported to."""
    repository = tmp_path_factory.mktemp("repository")
    assert command.main([str(checkpoints[request.param]), "--repository", str(repository)]) == 0
    return checkpoints[request.param], repository


@pytest.fixture(scope="module")
def graph(exported):
    return Graph(exported[1] / "punctuation_bert/1/model.onnx")


@pytest.fixture(scope="module")
def model(exported):
    with archive_only():
        return PunctuationCapitalizationModel.restore_from(str(exported[0]), map_location="cpu").eval()


def rows(*lengths: int) -> tuple[np.ndarray, np.ndarray]:
    """Random token ids (B, L) and the mask of these lengths."""
    ids = np.random.default_rng(1).integers(0, 900, (len(lengths), max(lengths)))
    mask = (np.arange(max(lengths)) < np.array(lengths)[:, None]).astype(np.int64)
    return ids, mask


def nemo(model, ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    tokens = torch.from_numpy(ids)
    with torch.no_grad():
        logits = model(
            input_ids=tokens, attention_mask=torch.ones_like(tokens), token_type_ids=torch.zeros_like(tokens)
        )
    return logits[0].numpy(), logits[1].numpy()


def test_padded_batch_equals_nemo_row_by_row(graph, model):
    lengths = (64, 1, 17, 2, 128)
    ids, mask = rows(*lengths)
    output = graph(input_ids=ids, attention_mask=mask)
    for row, length in enumerate(lengths):
        marks, capitals = nemo(model, ids[row : row + 1, :length])
        assert max_abs(output["punct_logits"][row, :length], marks[0]) <= 1e-4
        assert max_abs(output["capit_logits"][row, :length], capitals[0]) <= 1e-4


def test_tokens_outside_the_mask_change_nothing(graph):
    ids, mask = rows(40, 10)
    other = np.where(mask == 1, ids, 7)
    first, second = (graph(input_ids=given, attention_mask=mask)["punct_logits"] for given in (ids, other))
    assert max_abs(first[1, :10], second[1, :10]) <= 1e-5


def test_row_of_padding_only_is_finite_and_disturbs_no_neighbour(graph):
    ids, mask = rows(20, 20)
    mask[1] = 0
    output = graph(input_ids=ids, attention_mask=mask)
    assert np.isfinite(output["punct_logits"]).all()
    assert np.isfinite(output["capit_logits"]).all()
    alone = graph(input_ids=ids[:1], attention_mask=mask[:1])
    assert max_abs(output["punct_logits"][0], alone["punct_logits"][0]) <= 1e-5


def test_sidecars_say_what_the_checkpoint_decides(exported):
    checkpoint, repository = exported
    windows = json.loads((repository / "punctuation_windows/1/punctuation.json").read_text())
    assert windows["punct_labels"] == ["O", ",", ".", "?"]
    assert windows["capit_labels"] == ["O", "U"]
    assert (windows["max_seq_length"], windows["step"], windows["margin"]) == (64, 8, 16)
    assert [windows[f"{token}_id"] for token in ("pad", "cls", "sep")] == [0, 2, 3]
    network = json.loads((repository / "punctuation_bert/1/bert.json").read_text())
    assert network["checkpoint"] == checkpoint.name
    assert network["encoder"] == checkpoint.stem


def test_encoder_shorter_than_nemos_window_gets_shorter_windows(tmp_path):
    checkpoint, repository = tmp_path / "short.nemo", tmp_path / "repository"
    save_punctuation_model({**BERT, "max_position_embeddings": 32}, 900, checkpoint)
    assert command.main([str(checkpoint), "--repository", str(repository)]) == 0
    windows = json.loads((repository / "punctuation_windows/1/punctuation.json").read_text())
    assert (windows["max_seq_length"], windows["margin"]) == (32, 14)


@pytest.mark.parametrize("cased", [False, True])
def test_tokenizer_equals_the_checkpoints_word_by_word(tmp_path, cased):
    tokens = (
        vocabulary(900) + (["The", "Hello", "##X"] if cased else []) + ["caf", "cafe", "##é", "你", "##й"]
    )
    (tmp_path / "vocab.txt").write_text("\n".join(tokens) + "\n", encoding="utf-8")
    assert is_uncased(tmp_path / "vocab.txt") is not cased
    reference = build_tokenizer(tmp_path / "vocab.txt")
    convert(reference).save(str(tmp_path / "tokenizer.json"))
    tokenizer = Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    for word in [*PROBE_WORDS, "The", "HELLO", "helloX"]:
        expected = reference.convert_tokens_to_ids(reference.tokenize(word))
        assert tokenizer.encode(word, add_special_tokens=False).ids == expected, repr(word[:20])


def test_other_encoder_is_refused_by_name(checkpoints, tmp_path, capsys):
    checkpoint = tmp_path / "albert.nemo"
    rewrite_encoder(checkpoints["bert"], checkpoint, {"model_type": "albert"})
    assert command.main([str(checkpoint), "--repository", str(tmp_path / "repository")]) == 2
    assert "expected bert or distilbert, got albert" in capsys.readouterr().err
    assert not (tmp_path / "repository").exists()


def test_checkpoint_that_nemo_cannot_restore_is_refused_with_its_reason(checkpoints, tmp_path, capsys):
    checkpoint = tmp_path / "damaged.nemo"
    rewrite_encoder(checkpoints["bert"], checkpoint, {"hidden_size": 128})
    assert command.main([str(checkpoint), "--repository", str(tmp_path / "repository")]) == 2
    assert "size mismatch" in capsys.readouterr().err


def rewrite_encoder(source: Path, target: Path, config: dict) -> None:
    """Copy a checkpoint with another encoder configuration."""
    folder = target.with_suffix("")
    with tarfile.open(source) as archive:
        archive.extractall(folder, filter="data")
    (encoder,) = folder.glob("*encoder*.json")
    encoder.write_text(json.dumps({**json.loads(encoder.read_text()), **config}))
    with tarfile.open(target, "w") as archive:
        archive.add(folder, arcname=".")
