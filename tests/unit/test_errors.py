import pytest

from tritone import errors


@pytest.mark.parametrize(
    ("raised", "builtin", "triton", "http"),
    [
        (errors.AudioError, ValueError, "INVALID_ARG", 400),
        (errors.TextError, ValueError, "INVALID_ARG", 400),
        (errors.ParameterError, ValueError, "INVALID_ARG", 400),
        (errors.CancelledError, errors.TritoneError, "CANCELLED", 499),
        (errors.ArtifactError, ValueError, "INTERNAL", 500),
        (errors.PortInUseError, OSError, "UNAVAILABLE", 503),
    ],
)
def test_each_class_is_a_builtin_and_has_a_wire_status(raised, builtin, triton, http):
    error = raised("subject: rule, value; remedy.")
    assert isinstance(error, builtin)
    assert (errors.wire_status(error).triton, errors.wire_status(error).http) == (triton, http)


def test_every_class_has_a_wire_status():
    def descendants(cls):
        return [cls, *(found for child in cls.__subclasses__() for found in descendants(child))]

    for cls in descendants(errors.TritoneError):
        assert errors.wire_status(cls("x"))
