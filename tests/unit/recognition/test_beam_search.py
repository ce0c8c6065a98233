"""The search finds what adding up all paths finds, goes on in parts, and forgets what it no longer needs."""

import itertools
import math
from collections import Counter

import numpy as np
import pytest

from export.recognition.labels import SPACE, piece_fields
from tritone.recognition.beam_search import BeamSearch, Width
from tritone.recognition.boosting import Phrases
from tritone.recognition.frames import Frames
from tritone.recognition.labels import Labels
from tritone.recognition.language_model import LanguageModel
from tritone.recognition.scoring import Scorer, Weights

LETTERS = Labels.letters([" ", "a", "b"], blank=3)
EVERYTHING = Width(prefixes=10_000, prefix_log_prob=600.0, label_log_prob=-math.inf, one_text=False)
ARPA = """\\data\\
ngram 1={count}
ngram 2={pairs}

\\1-grams:
-99	<s>	-0.3
-1.5	</s>
-4	<unk>
{words}

\\2-grams:
{bigrams}

\\end\\
"""


def language_model(folder, words, bigrams=()):
    """A model of words and pairs of words with their decimal logarithms."""
    lines = [f"{value}\t{word}\t-0.3" for word, value in words.items()]
    pairs = [f"{value}\t{pair}" for pair, value in dict(bigrams).items()]
    path = folder / "words.arpa"
    path.write_text(
        ARPA.format(count=len(words) + 3, pairs=len(pairs), words="\n".join(lines), bigrams="\n".join(pairs))
    )
    return LanguageModel(path)


def random_frames(count, labels=LETTERS, seed=0, sharpness=2.0):
    logits = np.random.default_rng(seed).normal(size=(count, labels.size)) * sharpness
    return Frames((logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)).astype(np.float32))


def spelled(text, labels="ab ", blank_first=True, certainty=0.97):
    """Frames that say a text of letters, each followed by a blank; a number stands for as many blanks."""
    path = []
    for item in text:
        path += [3] * item if isinstance(item, int) else [" ab".index(item), 3]
    probabilities = np.full((len(path), 4), (1 - certainty) / 3, np.float32)
    probabilities[np.arange(len(path)), path] = certainty
    return Frames(np.log(probabilities))


def search(frames, labels=LETTERS, width=EVERYTHING, model=None, weights=None, phrases=None, pause=math.inf):
    scorer = Scorer(labels, model, weights or Weights(), phrases)
    searched = BeamSearch(labels, scorer, width, pause)
    searched.advance(frames)
    return searched


def text_of(hypothesis, labels=LETTERS):
    words = []
    for emission in hypothesis.emissions:
        if emission.starts_word:
            words.append([])
        words[-1].append(emission.label)
    return " ".join(labels.join(word) for word in words)


def shares_of_all_paths(frames, labels=LETTERS):
    """Add up the probabilities of all paths by the text that each stands for."""
    shares = Counter()
    for path in itertools.product(range(labels.size), repeat=len(frames)):
        merged = [label for label, _ in itertools.groupby(path) if label != labels.blank]
        text = " ".join("".join(" ab"[label] for label in merged).split())
        shares[text] += math.exp(sum(frames.log_probs[t, label] for t, label in enumerate(path)))
    return shares


@pytest.mark.parametrize("seed", range(8))
def test_a_wide_search_adds_up_all_paths(seed):
    frames = random_frames(6, seed=seed)
    expected = shares_of_all_paths(frames)
    found = {text_of(item): math.exp(item.log_prob) for item in search(frames).hypotheses(10_000)}
    assert found == pytest.approx(expected, rel=1e-3, abs=1e-6)
    assert text_of(search(frames).hypotheses(1)[0]) == max(expected, key=expected.get)


@pytest.mark.parametrize("seed", range(4))
def test_parts_give_what_the_whole_gives(seed):
    frames = random_frames(400, seed=seed, sharpness=3.0)
    whole = search(frames, width=Width(), pause=5)
    parts = BeamSearch(LETTERS, Scorer(LETTERS, None, Weights()), Width(), 5)
    for start in range(0, 400, 23):
        parts.advance(frames[start : start + 23])
    assert parts.hypotheses(3) == whole.hypotheses(3)


def test_alternatives_differ_and_fall_in_probability():
    hypotheses = search(random_frames(30, seed=5, sharpness=1.0), width=Width().of_several()).hypotheses(10)
    texts = [text_of(hypothesis) for hypothesis in hypotheses]
    scores = [hypothesis.log_prob for hypothesis in hypotheses]
    assert len(set(texts)) == len(texts) == 10
    assert scores == sorted(scores, reverse=True)
    assert sum(map(math.exp, scores)) <= 1 + 1e-6


def test_labels_are_where_they_were_said():
    hypothesis = search(spelled([4, "a", 2, "b", 3, " ", "a"]), width=Width()).hypotheses(1)[0]
    assert [(emission.frame, emission.starts_word) for emission in hypothesis.emissions] == [
        (4, True),
        (8, False),
        (15, True),
    ]


def test_frames_of_labels_only_rise():
    frames = random_frames(300, seed=2, sharpness=1.5)
    found = [emission.frame for emission in search(frames, width=Width()).hypotheses(1)[0].emissions]
    assert found == sorted(set(found))


def test_a_pause_ends_a_word_as_in_greedy_decoding():
    frames = spelled(["a", 12, "b"])
    assert text_of(search(frames, width=Width(), pause=8).hypotheses(1)[0]) == "a b"
    assert text_of(search(frames, width=Width(), pause=20).hypotheses(1)[0]) == "ab"


def test_the_language_model_decides_between_texts_that_sound_alike(tmp_path):
    frames = Frames(np.log(np.array([[0.02, 0.52, 0.44, 0.02], [0.01, 0.01, 0.01, 0.97]], np.float32)))
    assert text_of(search(frames).hypotheses(1)[0]) == "a"
    model = language_model(tmp_path, {"a": -3, "b": -0.1}, {"a b": -0.5})
    assert text_of(search(frames, model=model).hypotheses(1)[0]) == "b"


def test_words_before_count(tmp_path):
    sure, unsure = [0.01, 0.97, 0.01, 0.01], [0.01, 0.5, 0.48, 0.01]
    between = [[0.01, 0.01, 0.01, 0.97], [0.97, 0.01, 0.01, 0.01]]
    frames = Frames(np.log(np.array([sure, *between, unsure], np.float32)))
    model = language_model(tmp_path, {"a": -1, "b": -1.2}, {"a b": -0.1, "a a": -3})
    assert text_of(search(frames, model=model).hypotheses(1)[0]) == "a b"


def test_unknown_words_cost_and_are_still_possible(tmp_path):
    model = language_model(tmp_path, {"a": -1, "b": -1}, {"a b": -0.5})
    frames = spelled(["a", "b"], certainty=0.999999)
    assert text_of(search(frames, model=model, weights=Weights(unknown=-4.0)).hypotheses(1)[0]) == "ab"
    unsure = spelled(["a", "b"], certainty=0.8)
    assert text_of(search(unsure, model=model, weights=Weights(unknown=-40.0)).hypotheses(1)[0]) != "ab"


def test_a_boosted_phrase_wins_also_where_the_language_model_has_never_seen_it(tmp_path):
    model = language_model(tmp_path, {"a": -1, "b": -1}, {"a b": -0.5})
    frames = Frames(
        np.log(
            np.array([[0.02, 0.5, 0.46, 0.02], [0.01, 0.01, 0.01, 0.97], [0.3, 0.3, 0.35, 0.05]], np.float32)
        )
    )
    plain = text_of(search(frames, model=model).hypotheses(1)[0])
    boosted = text_of(search(frames, model=model, phrases=Phrases({"BA": 15.0})).hypotheses(1)[0])
    assert plain != "ba" == boosted


def test_pieces_are_searched_like_letters(tmp_path):
    pieces = ["<unk>", SPACE, f"{SPACE}he", "ll", "o", f"{SPACE}hey", f"{SPACE}", ","]
    table = Labels.of(
        piece_fields(pieces, [p.replace(SPACE, "") for p in pieces], [p.startswith(SPACE) for p in pieces])
    )
    blank = len(pieces)
    chosen = [2, 3, blank, 4, 1, 7, 5]
    labels = np.array([[label, blank if label != blank else 0] for label in chosen], np.int32)
    log_probs = np.log(np.array([[0.9, 0.1]] * len(chosen), np.float32))
    model = language_model(tmp_path, {"hello": -1, "hey": -1}, {"hello hey": -0.5})
    found = search(Frames(log_probs, labels), labels=table, width=Width(), model=model)
    assert text_of(found.hypotheses(1)[0], table) == "hello, hey"


def test_memory_does_not_grow_with_the_recording():
    searched = search(random_frames(3000, seed=1, sharpness=3.0), width=Width())
    nodes, queue = 0, [searched._root]
    while queue:
        node = queue.pop()
        nodes += 1
        queue += node.children.values()
    assert nodes < 3000
    assert max(prefix.depth for prefix in searched._beam) - searched._root.depth < 300


def test_impossible_values_do_not_stop_a_search():
    log_probs = np.full((20, 4), -np.inf, np.float32)
    log_probs[::2, 1] = 0.0
    assert text_of(search(Frames(log_probs), width=Width()).hypotheses(1)[0])
    assert search(Frames(np.zeros((0, 4), np.float32)), width=Width()).hypotheses(1)[0].emissions == []
