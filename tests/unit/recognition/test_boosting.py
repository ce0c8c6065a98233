"""Boosted phrases: what requests may send, and what a growing text earns by them."""

import json

import pytest

from export.recognition.labels import SPACE, piece_fields
from tritone.errors import ParameterError
from tritone.recognition.boosting import MOST_PHRASES, Boost, Phrases
from tritone.recognition.labels import Labels

UMLAUT = "\N{LATIN SMALL LETTER U WITH DIAERESIS}"
LETTERS = Labels.letters([" ", *"abcdefghijklmnopqrstuvwxyz'"], blank=28)


def earned(phrases, text):
    """What a text has earned at its end, its last word ended."""
    places, sum_ = phrases.start, 0.0
    for word in text.split():
        for letter in word:
            places, change = phrases.follow(places, letter.encode())
            sum_ += change
        places, change = phrases.end_word(places)
        sum_ += change
    # What is only begun is lost by the next word.
    places, change = phrases.follow(places, b"\0")
    return sum_ + change


@pytest.mark.parametrize(
    ("text", "weight"),
    [
        ("hester prynne", 8),
        ("hester prynne and hester prynne", 16),
        ("hester", 0),
        ("hester came", 0),
        ("chester prynne", 0),
        ("hester prynnes", 0),
        ("new york", 3),
        ("new york minster", 3 + 5),
        ("york minster", 5),
        ("newt", 0),
        ("uh", -4),
        ("uhm", 0),
        ("", 0),
    ],
)
def test_only_whole_phrases_earn_their_weight(text, weight):
    phrases = Phrases({"Hester Prynne": 8, "new york": 3, "york minster": 5, "uh": -4})
    assert earned(phrases, text) == pytest.approx(weight)


def test_a_part_earns_its_part_at_once_and_loses_it_again():
    phrases = Phrases({"abcd": 8})
    places, first = phrases.follow(phrases.start, b"ab")
    assert first == pytest.approx(4)
    _, change = phrases.follow(places, b"x")
    assert change == pytest.approx(-4)


def test_phrases_of_one_request_are_read():
    phrases = Boost(LETTERS).read(json.dumps({"Hester  Prynne": 8, "o'clock": -2.5}))
    assert earned(phrases, "hester prynne") == pytest.approx(8)
    assert earned(phrases, "o'clock") == pytest.approx(-2.5)
    assert Boost(LETTERS).read("{}") is None


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("Bertha=8", "parameter boost: expected a JSON object of phrase to weight, got something else"),
        ('["Bertha"]', "expected a JSON object"),
        ("[" * 100_000, "expected a JSON object"),
        (8, "expected a JSON object"),
        ('{"bertha": 20.5}', "parameter boost, phrase 1: expected a weight from -20 to 20, got 20.5"),
        ('{"a": 1, "bertha": -1e9}', "phrase 2: expected a weight from -20 to 20, got -1000000000"),
        ('{"bertha": NaN}', "got nan"),
        ('{"bertha": 1%s}' % ("0" * 400), "expected a weight from -20 to 20, got 1000"),
        ('{"bertha": true}', "expected a number as weight, got bool"),
        ('{"bertha": "8"}', "expected a number as weight, got str"),
        ('{"": 8}', "phrase 1: expected 1 to 100 characters, got 0"),
        (json.dumps({"a" * 101: 1}), "expected 1 to 100 characters, got 101"),
        (json.dumps({f"z{UMLAUT}rich": 1}), f"1: expected characters that the model writes, got '{UMLAUT}'"),
        ('{"route 66": 5}', "got '6'; write the phrase as it is spoken"),
        (json.dumps(dict.fromkeys(map(str, range(10_000)), 1)), f"at most {MOST_PHRASES} phrases, got 10000"),
    ],
)  # fmt: skip
def test_what_breaks_a_rule_is_refused_by_name(value, says):
    with pytest.raises(ParameterError) as refused:
        Boost(LETTERS).read(value)
    assert says in str(refused.value)
    assert "bertha" not in str(refused.value).lower()  # texts of callers are not repeated
    assert len(str(refused.value)) < 300


def test_a_recogniser_of_bytes_writes_anything():
    pieces = ["<unk>", f"{SPACE}a", "<0xC3>", "<0xBC>"]
    fields = piece_fields(
        pieces, [p.replace(SPACE, "") for p in pieces], [p.startswith(SPACE) for p in pieces]
    )
    phrases = Boost(Labels.of(fields)).read(json.dumps({f"a{UMLAUT}": 4}))
    places, _ = phrases.follow(phrases.start, b"a\xc3")
    places, _ = phrases.follow(places, b"\xbc")
    assert phrases.end_word(places)[1] == pytest.approx(0)  # earned in full before
