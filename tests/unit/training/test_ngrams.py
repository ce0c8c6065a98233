"""Language models are proper distributions, estimated and pruned as described, and read alike by KenLM."""

import itertools
import random

import kenlm
import numpy as np
import pytest

from training.arpa import write_arpa
from training.ngrams import BEGIN, estimate, prune

WORDS = ["the", "a", "cat", "dog", "sat", "ran", "on", "under", "mat", "log"]


def text(sentences=400, seed=3):
    randomness = random.Random(seed)
    chain = {word: randomness.sample(WORDS, 4) for word in WORDS}
    for _ in range(sentences):
        word = randomness.choice(WORDS)
        sentence = [word]
        for _ in range(randomness.randint(2, 8)):
            word = randomness.choice(chain[word]) if randomness.random() < 0.9 else randomness.choice(WORDS)
            sentence.append(word)
        yield sentence


def probability(model, words):
    """The probability of the last word after the others, by the rules of the ARPA format."""
    tables = [
        dict(zip(model.spelled(n), grams.probability, strict=True)) for n, grams in enumerate(model.orders, 1)
    ]
    weights = [
        dict(zip(model.spelled(n), grams.backoff, strict=True)) for n, grams in enumerate(model.orders, 1)
    ]
    words = words[-len(tables) :]
    if " ".join(words) in tables[len(words) - 1]:
        return tables[len(words) - 1][" ".join(words)]
    context = words[:-1]
    return weights[len(context) - 1].get(" ".join(context), 1.0) * probability(model, words[1:])


@pytest.fixture(scope="module", params=[2, 3, 4])
def model(request):
    return estimate(text(), request.param)


@pytest.mark.parametrize("most", [None, 60, 0])
def test_probabilities_after_any_context_sum_to_one(model, most):
    pruned = model if most is None else prune(model, most)
    predicted = [word for word in pruned.words if word != BEGIN]
    contexts = [[], [BEGIN], ["cat"], ["the", "cat"], [BEGIN, "a"], ["log", "mat"], ["never", "cat"]]
    for context in contexts:
        total = sum(probability(pruned, [*context, word]) for word in predicted)
        assert total == pytest.approx(1.0, abs=1e-6), context


def test_frequent_continuations_are_more_probable_than_rare_ones():
    model = estimate([["good", "morning"]] * 9 + [["good", "evening"], ["bad", "evening"]] * 2, 2)
    assert probability(model, ["good", "morning"]) > 2 * probability(model, ["good", "evening"])
    assert probability(model, ["bad", "evening"]) > probability(model, ["bad", "morning"]) > 0


def test_a_word_that_follows_one_word_only_is_improbable_elsewhere():
    # Kneser and Ney's own case: "francisco" is frequent, and says nothing of what comes after other words.
    sentences = [["san", "francisco"]] * 20 + [[word, "glasses"] for word in WORDS]
    model = estimate(sentences, 2)
    assert probability(model, ["reading", "glasses"]) > probability(model, ["reading", "francisco"])


def test_pruning_keeps_single_words_and_what_longer_ngrams_need(model):
    most = 40
    pruned = prune(model, most)
    assert len(pruned.orders[0]) == len(model.orders[0])
    assert sum(map(len, pruned.orders[1:])) < sum(map(len, model.orders[1:]))
    for n in range(2, len(pruned.orders) + 1):
        shorter = set(pruned.spelled(n - 1))
        for gram in pruned.spelled(n):
            assert gram.rsplit(" ", 1)[0] in shorter
            assert gram.split(" ", 1)[1] in shorter


def test_pruning_costs_less_where_it_drops_what_matters_least():
    (*known,) = text(2040)
    model = estimate(known[:2000], 3)
    held_out = [[BEGIN, *sentence, "</s>"] for sentence in known[2000:]]

    def perplexity(candidate):
        logs = [
            np.log(probability(candidate, sentence[max(0, end - 3) : end]))
            for sentence in held_out
            for end in range(2, len(sentence) + 1)
        ]
        return np.exp(-np.mean(logs))

    whole, half, none = (perplexity(prune(model, most)) for most in (10**6, 150, 0))
    assert whole <= half * 1.02
    assert half < none


@pytest.mark.parametrize("name", ["words.arpa", "words.arpa.gz", "words.arpa.xz"])
def test_kenlm_reads_the_same_probabilities(model, tmp_path, name):
    pruned = prune(model, 100)
    write_arpa(tmp_path / name, pruned, decimals=6)
    read = kenlm.Model(str(tmp_path / name))
    assert read.order == len(pruned.orders)
    for words in itertools.islice(text(seed=9), 20):
        padded = [BEGIN, *words]
        ours = [np.log10(probability(pruned, padded[: end + 1])) for end in range(1, len(padded))]
        theirs = [score for score, _, _ in read.full_scores(" ".join(words), bos=True, eos=False)]
        assert theirs == pytest.approx(ours, abs=1e-4)


def test_equal_models_are_equal_files(tmp_path):
    for name in ("one.gz", "two.gz"):
        write_arpa(tmp_path / name, estimate(text(), 2))
    assert (tmp_path / "one.gz").read_bytes() == (tmp_path / "two.gz").read_bytes()


def test_no_text_is_refused():
    with pytest.raises(ValueError, match="expected sentences, got none"):
        estimate([[], []], 3)
