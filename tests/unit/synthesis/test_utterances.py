import numpy as np
import pytest

from tritone.errors import TextError
from tritone.synthesis import utterances
from tritone.synthesis.utterances import Utterance, plan_batches, read_utterances, stack_symbols


def tensors(*texts):
    """Tokenizer's outputs for texts given as lists of lengths, padded with -1."""
    most = max(map(len, texts))
    longest = max(length for text in texts for length in text)
    symbols = np.full((len(texts), most, longest), -1, np.int64)
    lengths = np.zeros((len(texts), most), np.int64)
    for row, text in enumerate(texts):
        for index, length in enumerate(text):
            symbols[row, index, :length] = np.arange(length) + 1
            lengths[row, index] = length
    return {"symbols": symbols, "symbols_length": lengths, "pause_s": np.full_like(lengths, 0.5, np.float32)}


def sized(*lengths):
    return [Utterance(0, number, np.arange(length), 0.0) for number, length in enumerate(lengths)]


def test_padding_is_left_out_and_order_kept():
    first, second = read_utterances(**tensors([3, 5], [4]))
    assert [(item.text, item.number, item.symbols.tolist()) for item in (*first, *second)] == [
        (0, 0, [1, 2, 3]),
        (0, 1, [1, 2, 3, 4, 5]),
        (1, 0, [1, 2, 3, 4]),
    ]
    assert first[0].pause_s == 0.5


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        (tensors([3], [2, 3]), "symbols_length: expected at most 4 symbols in a text, got 5"),
        (
            tensors([1] * 4) | {"pause_s": np.full((1, 4), 1, np.float32)},
            "pause_s: expected at most 3 s .* got 4",
        ),
    ],
)
def test_more_than_any_tokenizer_makes_of_a_text_is_refused(sent, says, monkeypatch):
    monkeypatch.setattr(utterances, "MOST_SYMBOLS", 4)
    monkeypatch.setattr(utterances, "LONGEST_PAUSES_S", 3.0)
    read_utterances(**tensors([4], [1, 3]))  # limits are of each text
    with pytest.raises(TextError, match=says):
        read_utterances(**sent)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda sent: sent["symbols_length"].__setitem__((0, 0), 6), "expected 0 to 5 .* got 5 to 6"),
        (lambda sent: sent["symbols_length"].__setitem__((0, 0), -1), "got -1 to 5"),
        (lambda sent: sent["symbols_length"].__setitem__(slice(None), 0), "none for text 1"),
        (lambda sent: sent["pause_s"].__setitem__((0, 0), 11), "pause_s: expected 0 to 10 s"),
        (lambda sent: sent["pause_s"].__setitem__((0, 0), -1), "pause_s"),
        (lambda sent: sent["pause_s"].__setitem__((0, 0), np.nan), "pause_s"),
        (lambda sent: sent.update(pause_s=sent["pause_s"][:, :1]), "expected 2 values.* got 2 and 1"),
    ],
)
def test_tensors_that_no_tokenizer_makes_are_refused(change, says):
    sent = tensors([4, 5])
    change(sent)
    with pytest.raises(TextError, match=says):
        read_utterances(**sent)


def test_batches_hold_one_bucket_and_are_evenly_filled():
    batches = plan_batches(sized(3, 40, 7, 33, 64, 1, 2, 65), symbols_bucket=32, largest=3)
    lengths = [[item.symbols.size for item in batch] for batch in batches]
    assert lengths == [[65], [64, 40, 33], [7, 3], [2, 1]]


def test_every_utterance_is_planned_once():
    rng = np.random.default_rng(0)
    utterances = sized(*rng.integers(1, 200, 100).tolist())
    planned = [item.number for batch in plan_batches(utterances, 32, 8) for item in batch]
    assert sorted(planned) == list(range(100))


def test_symbols_are_padded_to_their_bucket():
    symbols, lengths = stack_symbols(sized(33, 40), 32)
    assert symbols.shape == (2, 64)
    assert lengths.tolist() == [[33], [40]]
    assert not symbols[0, 33:].any()
