"""Windows according to NeMo's rules, with a toy tokenizer of the real library."""

import numpy as np
import pytest
from tokenizers import Tokenizer, models, pre_tokenizers

from tritone.errors import ArtifactError
from tritone.punctuation.marks import read_words
from tritone.punctuation.restoration import Labels, PunctuationRestorer
from tritone.punctuation.windows import WindowSettings, WindowTokenizer, WordVotes, stack_windows

CLS, SEP, UNK = 1, 2, 3
LABELS = Labels(("O", ".", "?"), ("O", "U"))


@pytest.fixture(scope="module")
def tokenizer():
    """A tokenizer with one token per character."""
    vocabulary = {"[PAD]": 0, "[CLS]": CLS, "[SEP]": SEP, "[UNK]": UNK}
    for letter in "abcdefghij":
        vocabulary[letter] = len(vocabulary)
        vocabulary["##" + letter] = len(vocabulary)
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]", max_input_chars_per_word=200))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return tokenizer


def cutter(tokenizer, length=12, step=2, margin=2):
    return WindowTokenizer(tokenizer, WindowSettings(length, step, margin), CLS, SEP, UNK)


def test_short_text_is_one_window_that_judges_every_word(tokenizer):
    (window,) = cutter(tokenizer).windows(["a", "bc", "d"])
    assert window.input_ids.tolist()[0] == CLS
    assert window.input_ids.tolist()[-1] == SEP
    assert window.word.tolist() == [0, 1, 2]
    assert window.position.tolist() == [1, 2, 4]


@pytest.mark.parametrize("words", [1, 9, 10, 11, 12, 13, 40, 200])
def test_every_word_is_judged_and_only_with_context(tokenizer, words):
    windows = list(cutter(tokenizer).windows(["a"] * words))
    judged = {word for window in windows for word in window.word.tolist()}
    assert judged == set(range(words))
    for index, window in enumerate(windows):
        assert window.input_ids.size <= 12
        if index > 0:
            assert window.position.min(initial=99) > 2
        if index < len(windows) - 1:
            assert window.position.max(initial=0) < window.input_ids.size - 1 - 2


def test_windows_advance_by_the_step_where_margins_allow(tokenizer):
    windows = list(cutter(tokenizer, length=12, step=50, margin=3).windows(["a"] * 30))
    starts = [window.word[0] - window.position[0] + 1 for window in windows[1:]]
    assert starts == [4, 8, 12, 16, 20]  # 10 tokens less two margins of 3


def test_word_longer_than_a_window_is_judged_once_at_its_start(tokenizer):
    windows = list(cutter(tokenizer).windows(["a", "b" * 30, "c"]))
    assert {word for window in windows for word in window.word.tolist()} == {0, 1, 2}


def test_word_without_tokens_still_gets_a_place(tokenizer):
    (window,) = cutter(tokenizer).windows(["a", "\u200b", "b"])
    assert window.word.tolist() == [0, 1, 2]


def test_stacking_pads_to_multiples_of_16_under_a_mask(tokenizer):
    windows = list(cutter(tokenizer, length=40, margin=2).windows(["a"] * 20))
    input_ids, attention_mask = stack_windows(windows)
    assert input_ids.shape == attention_mask.shape == (1, 32)
    assert attention_mask.sum() == 22
    assert not input_ids[attention_mask == 0].any()


def test_votes_multiply_probabilities():
    votes = WordVotes(words=1, labels=2)
    window = next(iter([type("W", (), {"word": np.array([0]), "position": np.array([0])})]))
    votes.add(window, np.log(np.array([[0.6, 0.4]], np.float32)))
    votes.add(window, np.log(np.array([[0.2, 0.8]], np.float32)))
    assert votes.winners().tolist() == [1]  # 0.12 against 0.32


def restorer(tokenizer, **options):
    """A restorer whose model ends a sentence and capitalises at every `e`."""

    def model(batch):
        input_ids, _ = batch
        is_e = input_ids == tokenizer.token_to_id("e")
        return (
            np.where(is_e[..., None], [0.0, 5, 0], [5.0, 0, 0]).astype(np.float32),
            np.where(is_e[..., None], [0.0, 5], [5.0, 0]).astype(np.float32),
        )

    return PunctuationRestorer(cutter(tokenizer), LABELS, model, **options)


def test_marks_and_capitals_go_to_their_words(tokenizer):
    assert restorer(tokenizer).restore("a eb c") == "a Eb. c"


def test_long_text_keeps_every_word_in_order(tokenizer):
    text = " ".join(["ab", "e", "cd"] * 400)
    restored = restorer(tokenizer, windows_per_batch=7).restore(text)
    assert restored.replace("E.", "e") == text


@pytest.mark.parametrize(
    "text",
    ["a Eb. c", "a Eb? C", "a Eb! C, d", "a Eb; c", "(a Eb) c", "a, Eb", '"a Eb." C', "a Eb... c", "A eb: C"],
)
def test_marks_that_are_there_stay_alone(tokenizer, text):
    restored = restorer(tokenizer).restore(text)
    assert restored.lower().replace(").", ")") == text.lower()
    assert restorer(tokenizer).restore(restored) == restored


def test_word_after_a_mark_that_ends_a_sentence_gets_its_capital(tokenizer):
    assert restorer(tokenizer).restore("a? b! c. d, e.g. f") == "a? B! C. D, e.g. f"


def test_no_sentence_begins_where_the_text_says_that_one_goes_on(tokenizer):
    assert restorer(tokenizer).restore("a eb, e c") == "a Eb, e. c"


def test_empty_text_stays_empty(tokenizer):
    assert restorer(tokenizer).restore("  ") == ""


def test_capital_keeps_the_rest_of_the_word():
    (word,) = read_words("mcDonald")
    assert LABELS.apply(word, 0, 1) == "McDonald"


@pytest.mark.parametrize("settings", [(2, 1, 0), (12, 0, 2), (12, 2, 5), (12, 2, -1)])
def test_settings_that_leave_nothing_to_judge_are_refused(settings):
    with pytest.raises(ArtifactError, match="max_seq_length"):
        WindowSettings(*settings)
