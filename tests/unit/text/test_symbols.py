import pytest

from tritone.errors import ArtifactError
from tritone.text.symbols import SymbolSet

from .conftest import MARKS, write_voice


def said(folder, text):
    symbols = SymbolSet.load(folder)
    return " ".join(symbols.symbols[index].replace(" ", "_") for index in symbols.encode(text))


@pytest.mark.parametrize(
    ("text", "symbols"),
    [
        ("hello world.", "_ HH EH1 L OW1 _ W ER1 L D . _"),
        ("Hello  ,  WORLD ", "_ HH EH1 L OW1 _ , _ W ER1 L D _"),
        ("cats", "_ K AE1 T Z _"),
        ("cat's", "_ K AE1 T Z _"),
        ("let's", "_ L EH1 T S _"),
        ("read", "_ r e a d _"),
        ("reads", "_ r e a d s _"),
        ("wind", "_ w i n d _"),
        ("sun-cat", "_ S AH1 N - K AE1 T _"),
        ("sun-zog's", "_ S AH1 N - z o g ' s _"),
        ("zog", "_ z o g _"),
        ("|B IY1| 5 hello", "_ B IY1 _ HH EH1 L OW1 _"),
        ("- 'hello'", "_ - _ ' HH EH1 L OW1 ' _"),
        ("5", "_ _"),
        ("", "_ _"),
    ],
)
def test_words_become_phonemes_and_unknown_ones_letters(voice, text, symbols):
    assert said(voice, text) == symbols


@pytest.mark.parametrize(
    ("text", "symbols"),
    [
        ("Hello, cat's.", "h e l l o , _ c a t ' s ."),
        ("  a 5  b ", "a _ b"),
        ("well-known", "w e l l - k n o w n"),
    ],
)
def test_characters_are_lower_case_with_single_spaces(tmp_path, text, symbols):
    assert said(write_voice(tmp_path, "characters", first_ids=[], last_ids=[]), text) == symbols


def test_early_checkpoints_mark_both_ends(tmp_path):
    symbols = [" ", "a", "b", "'", ".", "<bos>", "<eos>", "<pad>"]
    write_voice(
        tmp_path, "characters", symbols=symbols, punctuation=["."], first_ids=[5], last_ids=[6], pad_id=7
    )
    assert SymbolSet.load(tmp_path).encode("A b.") == [5, 1, 0, 2, 4, 6]


def test_without_stresses_phonemes_lose_their_digit(tmp_path):
    symbols = [" ", "HH", "EH", "L", "OW", "."]
    write_voice(tmp_path, symbols=symbols, stresses=False, first_ids=[], last_ids=[])
    assert SymbolSet.load(tmp_path).encode("hello.") == [1, 2, 3, 4, 5]


def test_ambiguous_words_take_their_first_pronunciation_where_the_checkpoint_does(tmp_path):
    write_voice(tmp_path, ignore_ambiguous_words=False)
    assert said(tmp_path, "read reads") == "_ R IY1 D _ R IY1 D Z _"


def test_marks_that_are_no_symbols_are_left_out(tmp_path):
    write_voice(tmp_path, punctuation=[mark for mark in MARKS if mark != "?"])
    assert said(tmp_path, "hello?") == "_ HH EH1 L OW1 _"


def test_missing_dictionary_is_named(voice):
    (voice / "pronunciations.txt").unlink()
    with pytest.raises(ArtifactError, match=r"pronunciations.txt: expected the exporter's dictionary"):
        SymbolSet.load(voice)


def test_line_without_phonemes_is_named(voice):
    (voice / "pronunciations.txt").write_text("a  AH0\nbad line\n")
    with pytest.raises(ArtifactError, match="line 2"):
        SymbolSet.load(voice)


def test_missing_field_is_named(voice):
    (voice / "tokenizer.json").write_text('{"kind": "phonemes"}')
    with pytest.raises(ArtifactError, match="symbols, pad_id"):
        SymbolSet.load(voice)


def test_unknown_kind_is_refused(tmp_path):
    with pytest.raises(ArtifactError, match="expected the kind characters, phonemes or ipa, got 'morse'"):
        SymbolSet.load(write_voice(tmp_path, kind="morse"))


@pytest.mark.parametrize(
    ("text", "symbols"),
    [
        ("Hello, cats.", "ˈ h ɛ l o ʊ , _ k æ t s ."),
        ("cat's sun's buses", "k æ t s _ s ʌ n z _ b ʌ s ɪ z"),
        ("bus's", "b ʌ s ɪ z"),
        ("zog read", "#Z #O #G _ #R #E #A #D"),
    ],
)
def test_ipa_phonemes_are_told_from_the_letters_of_unknown_words(tmp_path, text, symbols):
    spelled = [f"#{letter}" for letter in "ADEGORZ"]
    write_voice(
        tmp_path,
        kind="ipa",
        symbols=[*" ,.", *"ˈhɛloʊkætsʌnzbɪ", *spelled],
        punctuation=[",", "."],
        upper_case_letters=True,
        letter_prefix="#",
        ignore_ambiguous_words=True,
        first_ids=[],
        last_ids=[],
    )
    lines = [
        "hello  ˈ h ɛ l o ʊ",
        "cat  k æ t",
        "sun  s ʌ n",
        "bus  b ʌ s",
        "buses  b ʌ s ɪ z",
        "read  ɹ iː d",
    ]
    (tmp_path / "pronunciations.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (tmp_path / "heteronyms.txt").write_text("read\n")
    assert said(tmp_path, text) == symbols
