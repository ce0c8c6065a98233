import time

import pytest

from tritone.punctuation.marks import cores, read_words


def written(text, mark="", capital=False):
    return " ".join(word.write(mark, capital) for word in read_words(text))


@pytest.mark.parametrize(
    "text",
    ["hello world", "don't", "the dogs' o'clock", "3.5 and 1,000", "user@example.com", "http://x.org/a?b",
     "caf\u00e9 \U0001f600", "well-known", "\u4f60\u597d", "a$b", "5%"],
)  # fmt: skip
def test_the_model_reads_bare_words_as_they_are(text):
    assert cores(read_words(text)) == text.split()


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("Hello, how are you?", ["Hello", "how", "are", "you"]),
        ('"Stop!" he said.', ["Stop", "he", "said"]),
        ("(maybe) [x]", ["maybe", "x"]),
        ("\u201cso\u201d it is\u2026", ["so", "it", "is"]),
        ("wait , what ?", ["wait", "what"]),
        ("e.g. this", ["e.g", "this"]),
    ],
)
def test_the_model_reads_words_without_their_marks(text, read):
    assert cores(read_words(text)) == read


@pytest.mark.parametrize(
    "text",
    [
        "Hello, how are you?",
        '"Stop!" he said.',
        "(maybe) [x]",
        "...",
        "? what",
        "e.g. this, etc.",
        "- well -",
    ],
)
def test_a_text_is_written_as_it_came_where_the_model_adds_nothing(text):
    assert written(text) == text


@pytest.mark.parametrize(
    ("text", "mark", "with_mark"),
    [
        ("you", "?", "you?"),
        ("you?", "?", "you?"),
        ("you?", ".", "you?"),
        ("you,", ".", "you,"),
        ("you!", ".", "you!"),
        ("you...", ".", "you..."),
        ("you ?", ".", "you?"),
        ("(you)", ".", "(you)."),
        ('"you"', ",", '"you,"'),
        ('"you"', "?", '"you"?'),
        ('"you!"', ",", '"you!"'),
        ("u.s.", ".", "u.s."),
        ("u.s.", "?", "u.s.?"),
        ("etc.", ",", "etc.,"),
        ("e.g.", ",", "e.g.,"),
        ("e.g.", "?", "e.g."),
        ("sat.", "?", "sat."),
        ("-", ".", "-"),
        ("3.5", ".", "3.5."),
        ("dogs'", ",", "dogs',"),
    ],
)
def test_a_mark_is_added_only_where_there_is_none(text, mark, with_mark):
    assert written(text, mark) == with_mark


@pytest.mark.parametrize(
    ("text", "with_capital"),
    [
        ("hello", "Hello"),
        ('"hello"', '"Hello"'),
        ("NASA", "NASA"),
        ("bob@example.com", "bob@example.com"),
        ("https://x.org", "https://x.org"),
        ("\u00e9t\u00e9", "\u00c9t\u00e9"),
    ],
)
def test_the_first_letter_of_the_word_becomes_the_capital(text, with_capital):
    assert written(text, capital=True) == with_capital


@pytest.mark.parametrize(
    ("text", "ends"),
    [("end.", True), ("end?", True), ('end!"', True), ("end,", False), ("end", False), ("end...", False),
     ("Dr.", False), ("e.g.", False), ("u.s.", False), ("3.", True)],
)  # fmt: skip
def test_marks_tell_whether_a_sentence_ends(text, ends):
    (word,) = read_words(text)
    assert word.ends_sentence is ends


@pytest.mark.parametrize("text", ["a" + "." * 80_000 + "b", "(" * 80_000, "." * 80_000, "a. " * 26_000])
def test_long_rows_of_marks_take_linear_time(text):
    started = time.process_time()
    read_words(text)
    assert time.process_time() - started < 2  # quadratic work would take minutes
