"""The command that makes a language model, the bundled one's text, and the weights' way into a config."""

import gzip
import json
import re

import pytest

from training import language_model
from training.general_text import HeldOut, read_novels
from training.language_model import spelling, write_language_model
from training.novels import sentences
from training.tune_decoder import GRID, search, write_weights
from tritone.errors import ArtifactError
from tritone.recognition.labels import Labels, letter_fields
from tritone.recognition.language_model import LanguageModel
from tritone.recognition.scoring import Weights
from tritone.repository.configs import read_config
from tritone.server.options import REPOSITORIES

ENGLISH = [" ", *"abcdefghijklmnopqrstuvwxyz'"]
DECODER = REPOSITORIES[0] / "asr_ctc_decoder"


@pytest.fixture
def decoder(tmp_path):
    """The version folder of a decoder of English letters."""
    folder = tmp_path / "models/asr_ctc_decoder_legal/1"
    folder.mkdir(parents=True)
    fields = {**letter_fields(ENGLISH, 28), "frame_s": 0.02, "end_pad_s": 0.0}
    (folder / "ctc.json").write_text(json.dumps(fields))
    return folder


def test_a_model_is_made_of_several_texts_in_the_recognisers_spelling(decoder, tmp_path):
    (tmp_path / "a.txt").write_text("The party of the first part owes $5!\nSee clause 12.\n")
    (tmp_path / "b.txt.gz").write_bytes(gzip.compress(b"The party of the second part.\n"))
    (decoder / "words.arpa").write_text("an older one")
    path = write_language_model([tmp_path / "a.txt", tmp_path / "b.txt.gz"], decoder, 3, 1000, 3)
    model = LanguageModel.beside(decoder)
    assert model.path == path
    assert {"party", "clause", "twelve", "second"} <= set(model.words)
    start = model.start()
    _, after = model.score(start, "the")
    assert model.score(after, "party")[0] > model.score(after, "clause")[0]


def test_rare_words_are_unknown_where_the_vocabulary_is_small(decoder, tmp_path):
    (tmp_path / "a.txt").write_text("the owl saw the owl\nthe owl saw an axolotl\n")
    write_language_model([tmp_path / "a.txt"], decoder, 2, 1000, 3, vocabulary=3)
    model = LanguageModel.beside(decoder)
    assert set(model.words) - {"<s>", "</s>", "<unk>"} == {"the", "owl", "saw"}
    _, after = model.score(model.start(), "saw")
    assert model.score(after, "axolotl")[0] == model.score(after, "an")[0] > -10


def test_novels_become_sentences_without_their_notes(tmp_path):
    (tmp_path / "tei.xml").write_text(
        '<TEI xmlns="http://www.tei-c.org/ns/1.0"><teiHeader><p>About.</p></teiHeader><text><body>'
        "<p>The man\u0153uvre\nfailed.<note>See page 3.</note> Why? I <hi>know</hi> not.</p>"
        "<lg><l>A line of verse</l></lg></body></text></TEI>",
        encoding="utf-8",
    )
    (tmp_path / "plain.txt").write_text("First\nparagraph. Mr. Hall left.\n\nSecond one.\n")
    assert list(sentences(tmp_path / "tei.xml")) == [
        "the manoeuvre failed", "why", "i know not", "a line of verse"
    ]  # fmt: skip
    assert list(sentences(tmp_path / "plain.txt")) == ["first paragraph", "mister hall left", "second one"]


def test_each_sentence_of_novels_is_taken_once_unless_it_is_known(tmp_path):
    (tmp_path / "novels.txt").write_text("i see\nwho knows\ni see\nnobody\n")
    assert read_novels(tmp_path / "novels.txt", {"nobody"}) == ["i see", "who knows"]


def test_the_command_names_what_is_wrong(decoder, tmp_path, monkeypatch, capsys):
    def run(*arguments):
        monkeypatch.setattr("sys.argv", ["language_model", *map(str, arguments)])
        return language_model.main()

    repository = ("--repository", tmp_path / "models", "--name", "legal")
    (tmp_path / "latin.txt").write_bytes(b"caf\xe9\n")
    (tmp_path / "marks.txt").write_text("...\n")
    assert run(tmp_path / "latin.txt", *repository) == 1
    assert "expected text in UTF-8" in capsys.readouterr().err
    assert run(tmp_path / "marks.txt", *repository) == 1
    assert "expected sentences, got none" in capsys.readouterr().err
    assert run(tmp_path / "missing.txt", *repository) == 1
    assert run(tmp_path / "marks.txt", "--repository", tmp_path / "models", "--name", "medical") == 1
    assert "asr_ctc_decoder_medical/1/ctc.json: expected the exporter's file" in capsys.readouterr().err
    assert not list(decoder.glob("words*"))


@pytest.mark.parametrize(
    ("letters", "text", "spelled"),
    [
        (ENGLISH, "It's 5 o'clock, Mr. Jones!", "it's five o'clock mister jones"),
        ([" ", *"abcdefghijklmnopqrstuvwxyzäöüß"], "Größe zählt!", "größe zählt"),
        ([" ", *"AOKabkor"], "A bank, OK?", "A ba k OK"),
    ],
)
def test_text_is_spelled_in_the_labels(letters, text, spelled):
    assert spelling(Labels.letters(letters, len(letters)))(text) == spelled


def test_sentences_that_give_held_out_ones_away_are_left_out():
    said = "he would never again tempt innocence he would be good as he thought"
    held_out = HeldOut([said, "three", "make me a coffee"])
    assert held_out.reveals(said)
    assert held_out.reveals(f"and then {' '.join(said.split()[2:10])} came")
    assert not held_out.reveals(f"and then {' '.join(said.split()[2:9])} came")
    assert held_out.reveals("make me a coffee")
    assert not held_out.reveals("three")  # which many people say
    assert not held_out.reveals("something else")


def test_the_config_has_the_weights_that_are_the_searchs_defaults():
    parameters = read_config(DECODER / "config.pbtxt").parameters
    for name, field, sign, values in GRID:
        value = float(parameters[name].string_value)
        assert sign * value == getattr(Weights(), field)
        assert value in values


def test_weights_are_written_into_a_config_and_nothing_else(tmp_path):
    config = tmp_path / "config.pbtxt"
    text = (DECODER / "config.pbtxt").read_text()
    config.write_text(text)
    write_weights(config, Weights(0.35, 1.25, -9.0))
    values = {name: read_config(config).parameters[name].string_value for name, *_ in GRID}
    assert list(values.values()) == ["0.35", "1.25", "9"]
    digits = re.compile(r'"[\d.]+"')
    assert digits.sub("", config.read_text()) == digits.sub("", text)


def test_each_weight_is_moved_to_its_best_value():
    def cost(weights):
        return (weights.language_model - 0.6) ** 2 + (weights.word - 1.0) ** 2 + (weights.unknown + 8) ** 2

    assert search(cost, Weights()) == Weights(0.6, 1.0, -8.0)


def test_the_bundled_model_knows_general_words_digits_and_commands():
    model = LanguageModel.beside(DECODER / "1")
    for word in "the house morning zero seven nine coffee left right stop".split():  # noqa: SIM905
        assert model.knows(word), word
    assert model.path.stat().st_size <= 3_000_000


def test_a_missing_table_of_labels_is_named(tmp_path):
    with pytest.raises(ArtifactError, match=r"ctc\.json: expected the exporter's file"):
        write_language_model([], tmp_path, 3, 10, 3)
