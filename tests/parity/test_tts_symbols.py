"""The served text front end's symbols against NeMo's own tokenizers."""

from __future__ import annotations

import random
import string
from types import SimpleNamespace

import pytest
from nemo.collections.common.parts.preprocessing import parsers
from nemo.collections.common.tokenizers.text_to_speech.tts_tokenizers import (
    EnglishCharsTokenizer,
    EnglishPhonemesTokenizer,
    IPATokenizer,
    VietnameseCharsTokenizer,
)
from nemo.collections.tts.g2p.models.en_us_arpabet import EnglishG2p
from nemo.collections.tts.g2p.models.i18n_ipa import IpaG2p
from omegaconf import OmegaConf

from export.errors import UnsupportedCheckpointError
from export.installation import Stage
from export.synthesis.tokenizer import TOKENIZER_MODEL, write_tokenizer
from tritone.text.symbols import SymbolSet

DICTIONARY = """\
;;; a comment
A  AH0
A(1)  EY1
CAT  K AE1 T
CAT-NIP  K AE1 T N IH2 P
CO-OP  K OW1 AA0 P
HELLO  HH AH0 L OW1
IT  IH1 T
IT'S  IH1 T S
LEAD  L EH1 D
LEAD(1)  L IY1 D
'TIS  T IH1 Z
D\u00c9J\u00c0  D EY2 ZH AA1
SUN  S AH1 N
WIND  W IH1 N D
WORLD  W ER1 L D
WORLD'S  W ER1 L D Z
X  EH1 K S
"""
IPA_DICTIONARY = """\
A  ə
A(1)  ˈeɪ
BUS  ˈbəs
CAT  ˈkæt
CAT-NIP  ˈkætˌnɪp
CO-OP  ˈkoʊˌɑp
HELLO  həˈɫoʊ
IT  ˈɪt
IT'S  ˈɪts
LEAD  ˈɫɛd
LEAD(1)  ˈɫid
SUN  ˈsən
WIND  ˈwɪnd
WORLD  ˈwɝɫd
WORLD'S  ˈwɝɫdz
X  ˈɛks
"""
TEXTS = [
    "",
    " ",
    "Hello, world.",
    "hello  ,  WORLD !",
    "  It's the world's cat's cats; suns' leads, lead winds wind!  ",
    "sun-cat cat-nip co-op-zog sun--cat zog-wind-it's a-b- -c",
    "'tis 'hello' don't o'clock",
    '(zog) [x] {y} "q" a/b: c',
    "x",
    "-",
    "?!...",
    "|K AE1 T| and |zz top| |",
    "|",
    "||",
]

IPA_TEXTS = [text for text in TEXTS if text.strip(" -") and "|" not in text] + ["bus's buss cats' its"]


def alphabet_soup(count: int) -> list[str]:
    """Random texts in the characters that reach the symbols, and in words that matter."""
    randomness = random.Random(0)
    words = [
        "hello",
        "It's",
        "cat",
        "cats",
        "suns",
        "lead",
        "leads",
        "wind",
        "world's",
        "sun-cat",
        "x",
        "a",
        "ZOG",
    ]
    pieces = [*words, *string.ascii_letters, *" ,.?!'-;:/\"()[]{}", "  ", "'s", "s"]
    return ["".join(randomness.choices(pieces, k=randomness.randint(1, 40))) for _ in range(count)]


def phonemes(folder, g2p=None, **options):
    folder.joinpath("dictionary").write_text(DICTIONARY, encoding="latin-1")
    folder.joinpath("heteronyms").write_text("wind\ncat-nip\n")
    reading = EnglishG2p(
        phoneme_dict=str(folder / "dictionary"), heteronyms=str(folder / "heteronyms"), **(g2p or {})
    )
    return EnglishPhonemesTokenizer(reading, **options)


def ipa(folder, g2p=None, **options):
    folder.joinpath("ipa").write_text(IPA_DICTIONARY, encoding="utf-8")
    reading = IpaG2p(phoneme_dict=str(folder / "ipa"), heteronyms=["wind", "cat-nip"], **(g2p or {}))
    return IPATokenizer(reading, **options)


def model(tokenizer, **config):
    """The parts of a Tacotron2Model that the exporter reads."""
    return SimpleNamespace(
        tokenizer=tokenizer, cfg=OmegaConf.create({"text_tokenizer": {"g2p": {}}, **config})
    )


def exported(tokenizer, folder) -> SymbolSet:
    return written(model(tokenizer), folder)


def written(checkpoint, folder) -> SymbolSet:
    write_tokenizer(checkpoint, Stage(folder))
    return SymbolSet.load(folder / TOKENIZER_MODEL)


@pytest.mark.parametrize(
    "options",
    [
        {"punct": True, "stresses": True, "chars": True, "apostrophe": True, "pad_with_space": True},
        {},
        {"stresses": False, "chars": True},
        {"stresses": True, "chars": True, "punct": False, "apostrophe": False},
        {"chars": True, "stresses": True, "non_default_punct_list": [",", "."], "add_blank_at": "last"},
        {"chars": True, "stresses": True, "silence": "<sil>", "add_blank_at": True},
        {"g2p": {"ignore_ambiguous_words": False}, "chars": True, "stresses": True},
        {"g2p": {"phoneme_probability": 1.0}, "stresses": True},
    ],
    ids=str,
)
def test_phonemes_equal_nemos(options, tmp_path):
    tokenizer = phonemes(tmp_path, **options)
    symbols = exported(tokenizer, tmp_path)
    for text in [*TEXTS, *alphabet_soup(300)]:
        assert symbols.encode(text) == tokenizer.encode(text), text


@pytest.mark.parametrize(
    "options",
    [
        {"apostrophe": True, "pad_with_space": True, "g2p": {"use_chars": True}},
        {},
        {"g2p": {"use_chars": True, "grapheme_prefix": "#", "phoneme_probability": 1.0}},
        {"g2p": {"use_stresses": False, "ignore_ambiguous_words": False, "use_chars": True}},
        {
            "g2p": {"grapheme_case": "lower", "grapheme_prefix": "#", "use_chars": True},
            "add_blank_at": "last",
        },
    ],
    ids=str,
)
def test_ipa_equals_nemos(options, tmp_path):
    tokenizer = ipa(tmp_path, **options)
    symbols = exported(tokenizer, tmp_path)
    for text in [*IPA_TEXTS, *alphabet_soup(300)]:
        try:
            expected = tokenizer.encode(text)
        except IndexError:  # NeMo's answer to a text without a symbol
            expected = []
        assert symbols.encode(text) == expected, text


@pytest.mark.parametrize(
    ("g2p", "named"), [({"locale": None}, r"g2p\.locale"), ({"grapheme_case": "mixed"}, "grapheme_case")]
)
def test_ipa_of_other_languages_or_mixed_case_is_refused(g2p, named, tmp_path):
    options = {"locale": None} if "locale" in g2p else {}
    with pytest.raises(UnsupportedCheckpointError, match=named):
        written(model(ipa(tmp_path, g2p, **options)), tmp_path)


@pytest.mark.parametrize(
    "options",
    [{}, {"pad_with_space": True}, {"punct": False}, {"apostrophe": False, "add_blank_at": True}],
    ids=str,
)
def test_characters_equal_nemos(options, tmp_path):
    tokenizer = EnglishCharsTokenizer(**options)
    symbols = exported(tokenizer, tmp_path)
    for text in [*TEXTS[2:-3], *alphabet_soup(300)]:
        if text.strip():
            assert symbols.encode(text) == tokenizer.encode(text), text


def test_labels_equal_nemos_early_parser(tmp_path):
    labels = [*" !'(),-.:;?", *string.ascii_lowercase]
    symbols = written(model(None, labels=labels), tmp_path)
    parser = parsers.make_parser(
        labels=labels, name="en", unk_id=-1, blank_id=-1, abbreviation_version="fastpitch", make_table=False
    )
    for text in ["Hello, world.", "it's well-known; isn't it?", "One two three!", "a (b) c: d"]:
        assert symbols.encode(text) == [len(labels), *parser(text), len(labels) + 1], text


def test_other_tokenizers_are_refused(tmp_path):
    with pytest.raises(UnsupportedCheckpointError, match="got VietnameseCharsTokenizer"):
        written(model(VietnameseCharsTokenizer()), tmp_path)


def test_custom_reading_of_unknown_words_is_refused(tmp_path):
    config = {"text_tokenizer": {"g2p": {"apply_to_oov_word": "some.function"}}}
    with pytest.raises(UnsupportedCheckpointError, match="apply_to_oov_word"):
        written(model(phonemes(tmp_path), **config), tmp_path)


@pytest.mark.parametrize(("seconds", "characters"), [(4.8, 72), (1, 40), (60, 300), (None, 150)])
def test_utterances_are_as_long_as_the_training_recordings(seconds, characters, tmp_path):
    dataset = {} if seconds is None else {"max_duration": seconds}
    symbols = written(model(EnglishCharsTokenizer(), train_ds={"dataset": dataset}), tmp_path)
    assert symbols.longest_utterance_characters == characters
