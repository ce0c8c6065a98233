import pytest
from tritone_gateway.errors import BadRequestError
from tritone_gateway.routers.listen.parameters import parse

RAW = [("encoding", "linear16"), ("sample_rate", "16000")]


def test_raw_audio_needs_its_rate():
    with pytest.raises(BadRequestError, match=r"^sample_rate: expected with encoding=mulaw"):
        parse([("encoding", "mulaw")])


def test_a_rate_without_an_encoding_is_refused():
    with pytest.raises(BadRequestError, match=r"^encoding: expected with sample_rate"):
        parse([("sample_rate", "16000")])


def test_containers_need_neither():
    assert not parse([]).raw
    assert not parse([("encoding", "ogg-opus")]).raw


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("encoding", "g729", "expected linear16"),
        ("sample_rate", "16k", "expected 4000 to 192000 Hz, got '16k'"),
        ("sample_rate", "-16000", "expected 4000"),
        ("sample_rate", "9" * 5000, "expected 4000"),
        ("channels", "0", "expected 1 to 8"),
        ("interim_results", "yes", "expected true or false, got 'yes'"),
        ("endpointing", "20000", "expected 0 to 10000 ms"),
        ("utterance_end_ms", "200", "expected 1000 to"),
        ("keywords", "tritone:loud", "expected PHRASE or PHRASE:NUMBER"),
        ("keywords", ":2", "expected phrases of 1 to"),
        ("keyterm", "x" * 300, "expected phrases of 1 to"),
        ("diarize", "true", "expected false, as it is not offered"),
        ("redact", "pci", "is not offered"),
        ("sampel_rate", "16000", "is no parameter; expected encoding, sample_rate"),
        ("model", "x" * 101, "expected at most 100 characters"),
    ],
)
def test_wrong_values_are_named_with_their_rule(name, value, rule):
    given = [pair for pair in RAW if pair[0] != name]
    with pytest.raises(BadRequestError) as refused:
        parse([*given, (name, value)])
    assert refused.value.message.startswith(f"{name}: ")
    assert rule in refused.value.message
    assert refused.value.param == name
    assert len(refused.value.message) < 400


def test_phrases_are_not_echoed():
    with pytest.raises(BadRequestError) as refused:
        parse([*RAW, ("keywords", "secretive plan:loud")])
    assert "secretive" not in refused.value.message


def test_utterance_ends_need_interim_results():
    with pytest.raises(BadRequestError, match="interim_results"):
        parse([*RAW, ("utterance_end_ms", "1000")])
    assert parse([*RAW, ("utterance_end_ms", "1000"), ("interim_results", "true")]).utterance_end_ms == 1000


def test_a_parameter_may_not_be_given_twice():
    with pytest.raises(BadRequestError, match="expected one value, got 2"):
        parse([*RAW, ("punctuate", "true"), ("punctuate", "false")])


def test_phrases_become_weights():
    given = [
        ("keyterm", "Triton Server"),
        ("keywords", "mel"),
        ("keywords", "hop:2"),
        ("keywords", "a:b:-99"),
    ]
    assert parse([*RAW, *given]).boost == {"Triton Server": 5, "mel": 5, "hop": 10, "a:b": -20}


@pytest.mark.parametrize(
    ("value", "milliseconds", "on"),
    [("10", 100, True), ("500", 500, True), ("true", None, True), ("false", None, False)],
)
def test_endpointing(value, milliseconds, on):
    parameters = parse([*RAW, ("endpointing", value)])
    assert (parameters.endpointing_ms, parameters.endpointing) == (milliseconds, on)


def test_what_changes_no_result_is_accepted():
    parse([*RAW, ("tag", "a"), ("tag", "b"), ("mip_opt_out", "true"), ("multichannel", "false")])
