"""What Whisper wrote, in words."""

from __future__ import annotations

import pytest

from training.synthesis.readings import closest, readings


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("four two zero eight", "4208."),
        ("four thousand two hundred eight", "4,208."),
        ("k b b f", "K.B.B.F."),
        ("k b b f", "KBBF"),
        ("that costs eighty nine dollars and seventy cents", "That costs $89.70."),
        ("that costs two dollars", "That costs $2."),
        ("it is seven o'clock", "It is 7:00."),
        ("it is seven fifteen", "It is 7:15."),
        ("on the third of march", "On the 3rd of March."),
        ("he was glad", "He was glad!"),
    ],
)
def test_a_right_answer_counts_as_right_however_it_is_written(said: str, written: str) -> None:
    assert closest(said, readings(written)) == said


def test_a_wrong_answer_stays_wrong() -> None:
    assert closest("four two", readings("4, 3.")) == "four three"
