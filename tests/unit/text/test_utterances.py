import pytest

from tritone.text.utterances import Closing, Pauses, TextUtterance, utterances


def cut(text, longest=40):
    return list(utterances([text], longest))


def test_short_sentences_are_utterances_of_their_own():
    assert [(u.text, u.closing) for u in cut("One, two. Three? Four!")] == [
        ("One, two.", Closing.SENTENCE),
        ("Three?", Closing.SENTENCE),
        ("Four!", Closing.PARAGRAPH),
    ]


def test_long_sentence_is_cut_at_commas_joining_what_fits():
    text = "When it rains, it pours, and when the sun comes out, everybody is happy again."
    assert [(u.text, u.closing) for u in cut(text)] == [
        ("When it rains, it pours,", Closing.CLAUSE),
        ("and when the sun comes out,", Closing.CLAUSE),
        ("everybody is happy again.", Closing.PARAGRAPH),
    ]


def test_long_clause_is_cut_before_a_word_that_opens_a_phrase():
    text = "the quick brown fox jumps over the lazy dog while the cat sleeps in the sun"
    assert [(u.text, u.closing) for u in cut(text, 50)] == [
        ("the quick brown fox jumps over the lazy dog,", Closing.CUT),
        ("while the cat sleeps in the sun.", Closing.PARAGRAPH),
    ]


def test_clause_is_not_cut_inside_a_number():
    assert [u.text for u in cut("he counted two hundred thousand of the grains", 30)] == [
        "he counted,",
        "two hundred thousand,",
        "of the grains.",
    ]


def test_text_without_a_mark_gets_one():
    assert cut("hello") == [TextUtterance("hello.", Closing.PARAGRAPH)]


def test_paragraphs_end_with_their_own_pause():
    found = list(utterances(["One. Two.", "Three."], 40))
    assert [u.closing for u in found] == [Closing.SENTENCE, Closing.PARAGRAPH, Closing.PARAGRAPH]


@pytest.mark.parametrize("text", ["", ".", "?!", ", ,", "...", "- '"])
def test_nothing_to_say_is_no_utterance(text):
    assert cut(text) == []


@pytest.mark.parametrize("length", [1, 2, 9, 10, 11, 12, 20, 100])
@pytest.mark.parametrize("shape", ["{}", "{}.", "{}, a", "a {}", "a, {}?", "{} b {}", "b' {}-"])
def test_no_utterance_is_longer_than_allowed_and_every_letter_is_said(shape, length):
    text = shape.format("x" * length, "y" * length)
    found = cut(text, 10)
    assert all(len(u.text) <= 10 and u.text[-1] in ".,?!" for u in found)
    letters = [character for character in text if character.isalpha()]
    assert [character for u in found for character in u.text if character.isalpha()] == letters


def test_words_stay_whole_and_in_order():
    words = [f"word{'s' * (index % 7)}" for index in range(200)]
    found = cut(" ".join(words), 30)
    assert " ".join(u.text.rstrip(",.") for u in found).split() == words
    assert all(len(u.text) <= 30 for u in found)


def test_parts_of_a_long_clause_are_about_equal():
    lengths = [len(u.text) for u in cut("aaa " * 25, 40)]
    assert max(lengths) - min(lengths) <= 8


def test_pauses_follow_the_closing():
    pauses = Pauses(sentence=0.3, clause=0.1, cut=0.01, paragraph=0.7)
    assert [pauses.after(closing) for closing in Closing] == [0.3, 0.1, 0.01, 0.7]
