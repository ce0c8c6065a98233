import numpy as np

from export.families.quartznet.babble import babbling_biases, spelled


def test_spelling_drops_blanks_and_repeats():
    best = [0, 0, 2, 0, 1, 1, 2, 2]
    assert spelled(np.eye(3)[best], blank=2).tolist() == [0, 0, 1]


def test_biases_give_random_scores_the_letters_and_spaces_asked_for():
    generator = np.random.default_rng(0)
    scores = generator.normal(size=(5000, 29)) * 3 + generator.normal(size=29) * 5
    biases = babbling_biases(scores, letters=1400, space=0, blank=28)
    letters = spelled(scores + biases, blank=28)
    assert abs(letters.size - 1400) < 20
    assert abs(np.count_nonzero(letters == 0) - 1400 / 6) < 20
    assert np.unique(letters).size == 28
