import pytest
from tritone_client.recognition import MOST_PHRASES
from tritone_gateway.routers.openai.prompts import boosted, terms


@pytest.mark.parametrize(
    ("prompt", "found"),
    [
        ("", []),
        ("ZyntriQix, Digique Plus, CynapseFive", ["ZyntriQix", "Digique Plus", "CynapseFive"]),
        (
            "Hester Prynne; scaffold\nRoger Chillingworth.",
            ["Hester Prynne", "scaffold", "Roger Chillingworth"],
        ),
        ("Coca-Cola, O\u2019Brien", ["Coca Cola", "O'Brien"]),
        ("caf\u00e9, B2B, ok", ["ok"]),  # what the recogniser cannot spell
        ("The talk is about Hester Prynne and I'm glad that Roger came.", ["Hester Prynne", "Roger"]),
        (
            "Hello. We met Anna, Peter Smith (of Boston) and I. Then we left.",
            ["Anna", "Peter Smith", "Boston"],
        ),
        ("it was a day like any other day in the town", []),
    ],
)
def test_names_and_terms_of_a_prompt(prompt, found):
    assert list(terms(prompt)) == found


def test_keywords_come_before_the_prompt_and_keep_their_weight():
    assert boosted("Anna, Boston", ["Boston", " "], 3, 5) == {"Boston": 5, "Anna": 3}


def test_prompt_can_be_ignored():
    assert boosted("Anna, Boston", [], 0, 5) == {}


def test_no_more_phrases_than_the_recogniser_takes():
    prompt = ", ".join("a" * count for count in range(1, 600))
    assert len(boosted(prompt, ["first"], 3, 5)) <= MOST_PHRASES
