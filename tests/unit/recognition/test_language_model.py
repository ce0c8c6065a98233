"""Language models are found, read, and refused with a reason when they are broken or foreign."""

import gzip
import lzma

import pytest

from tritone.errors import ArtifactError, ParameterError
from tritone.recognition.beam_search import Width
from tritone.recognition.ctc import CtcDecoder
from tritone.recognition.decoder import Choices, Decoder
from tritone.recognition.labels import Labels
from tritone.recognition.language_model import LanguageModel
from tritone.recognition.settings import SearchSettings

from .test_beam_search import LETTERS, language_model, random_frames, spelled


def test_a_folder_without_one_has_none(tmp_path):
    assert LanguageModel.beside(tmp_path) is None


@pytest.mark.parametrize(("suffix", "compress"), [(".gz", gzip.compress), (".xz", lzma.compress)])
def test_compressed_models_are_read(tmp_path, suffix, compress):
    plain = language_model(tmp_path, {"ab": -1, "b": -2}, {"ab b": -0.5})
    content = plain.path.read_bytes()
    plain.path.unlink()
    (tmp_path / f"words.arpa{suffix}").write_bytes(compress(content))
    model = LanguageModel.beside(tmp_path)
    assert list(model.words) == ["ab", "b"]
    assert model.score(model.start(), "ab")[0] == plain.score(plain.start(), "ab")[0]


def test_words_that_begin_alike_are_found(tmp_path):
    model = language_model(tmp_path, {"a": -3, "ab": -1, "abb": -2, "b": -1.5}, {"a b": -1})
    for beginning, decimal in (("a", -1), ("ab", -1), ("abb", -2), ("b", -1.5), ("", -1)):
        assert model.beginnings.best(beginning) == pytest.approx(decimal * 2.302585, rel=1e-5)
        assert model.beginnings.best(beginning) == model.beginnings.best(beginning)
    for beginning in ("abba", "aa", "c", "\N{LATIN SMALL LETTER U WITH DIAERESIS}"):
        assert model.beginnings.best(beginning) is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no model",
        b"\\data\\\nngram 1=5\n\n\\1-grams:\n-1\ta\t0\n",
        b"mmap lm http://kheafield.com/code format version 5\n\0",
    ],
)
@pytest.mark.parametrize("name", ["words.arpa", "words.arpa.xz", "words.bin"])
def test_a_broken_file_is_refused_by_name(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ArtifactError, match=f"{name}: expected a language model"):
        LanguageModel.beside(tmp_path)


def test_a_cut_off_file_is_refused(tmp_path):
    whole = lzma.compress(language_model(tmp_path, {"a": -1, "b": -1}, {"a b": -1}).path.read_bytes())
    (tmp_path / "words.arpa").unlink()
    (tmp_path / "words.arpa.xz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ArtifactError, match="expected a language model"):
        LanguageModel.beside(tmp_path)


def test_two_models_are_refused(tmp_path):
    language_model(tmp_path, {"a": -1}, {"a a": -1})
    (tmp_path / "words.bin").touch()
    with pytest.raises(ArtifactError, match=r"expected one language model, got words\.arpa, words\.bin"):
        LanguageModel.beside(tmp_path)


def decoder(model=None, labels=LETTERS):
    return Decoder(CtcDecoder(labels, 0.02, 0.5), model, SearchSettings(width=Width(), pause_s=0.5))


def test_a_model_for_other_labels_is_refused(tmp_path):
    model = language_model(tmp_path, {"HELLO": -1, "WORLD": -1, "a": -1}, {"HELLO WORLD": -1})
    with pytest.raises(
        ArtifactError, match=r"in its labels \(lower case\), got a language model with 33% such"
    ):
        decoder(model)
    decoder(model, Labels.letters([*" HELOWRDa"], blank=9))


def test_greedy_is_the_default_without_a_model_and_beam_with_one(tmp_path):
    assert decoder().default == "greedy"
    assert decoder(language_model(tmp_path, {"a": -1}, {"a a": -1})).default == "beam"


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({}, "greedy"),
        ({"alternatives": 1}, "greedy"),
        ({"alternatives": 2}, "beam"),
        ({"boost": object()}, "beam"),
        ({"decoder": "beam"}, "beam"),
    ],
)
def test_a_request_gets_the_decoder_that_it_needs(sent, expected):
    parameters = {"decoder": None, "boost": None, "alternatives": 0, **sent}
    assert Choices.of(parameters, "greedy").decoder == expected


@pytest.mark.parametrize("sent", [{"boost": object()}, {"alternatives": 2}])
def test_greedy_refuses_what_it_cannot_do(sent):
    (name,) = sent
    parameters = {"decoder": "greedy", "boost": None, "alternatives": 0, **sent}
    with pytest.raises(ParameterError, match=f"parameter {name}: expected decoder beam, got greedy"):
        Choices.of(parameters, "beam")


def test_greedy_decoding_is_what_it_was(tmp_path):
    searching = decoder(language_model(tmp_path, {"a": -1}, {"a a": -1}))
    for seed in range(20):
        frames = random_frames(200, seed=seed)
        expected = CtcDecoder(LETTERS, 0.02, 0.5).decode(frames, 4.0)
        found = searching.decode(frames, 4.0, Choices("greedy", alternatives=1))
        assert found.words.word == expected.word
        assert found.words.start_s.tolist() == expected.start_s.tolist()
        assert found.words.confidence.tolist() == expected.confidence.tolist()
        assert found.alternatives == (expected.transcript,)
        assert found.scores.tolist() == [0.0]


def test_words_have_times_and_confidence_as_greedy_ones_where_both_agree():
    frames = spelled([3, "a", "b", 2, " ", "b", "a", 5, "b"])
    greedy, found = (decoder().decode(frames, 10.0, Choices(name)).words for name in ("greedy", "beam"))
    assert found.word == greedy.word
    assert found.start_s.tolist() == greedy.start_s.tolist()
    assert found.end_s.tolist() == greedy.end_s.tolist()
    assert found.confidence == pytest.approx(greedy.confidence)


def test_times_and_confidence_are_in_order_whatever_is_heard():
    for seed in range(20):
        frames = random_frames(300, seed=seed, sharpness=1.5)
        decoded = decoder().decode(frames, 5.0, Choices("beam", alternatives=5))
        words = decoded.words
        assert decoded.alternatives[0] == words.transcript
        assert (words.start_s <= words.end_s).all()
        assert (words.start_s[1:] >= words.end_s[:-1] - 1e-6).all()
        assert (words.end_s <= 5.0).all()
        assert ((words.confidence > 0) & (words.confidence <= 1)).all()


def test_words_that_the_model_chose_against_the_sound_are_less_sure(tmp_path):
    model = language_model(tmp_path, {"ab": -0.1, "b": -1}, {"ab b": -0.5})
    sure = decoder(model).decode(spelled(["a", "b"]), 1.0, Choices("beam")).words
    frames = spelled(["a", "b"], certainty=0.6)
    unsure = decoder(model).decode(frames, 1.0, Choices("beam")).words
    assert sure.word == unsure.word == ("ab",)
    assert unsure.confidence[0] < sure.confidence[0]


def test_silence_has_no_words_and_one_empty_transcript():
    decoded = decoder().decode(spelled([50]), 1.0, Choices("beam", alternatives=3))
    assert decoded.words.word == ()
    assert decoded.alternatives[0] == ""
