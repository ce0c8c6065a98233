"""The end of an utterance: no word for so long after the last final one."""

from __future__ import annotations


class UtteranceEnds:
    """Follows a stream and says when an utterance has ended.

    Args:
        gap_s: seconds without a word; None: never.
    """

    def __init__(self, gap_s: float | None) -> None:
        self._gap_s = gap_s
        self._last_word_end_s: float | None = None  #: of an utterance whose end has not been told
        self._speaking = False

    def speech_started(self) -> None:
        """Somebody speaks: what comes may belong to the same utterance."""
        self._speaking = True

    def segment_ended(self, last_word_end_s: float | None) -> None:
        """A segment is final; None: it has no words."""
        self._speaking = False
        if last_word_end_s is not None:
            self._last_word_end_s = last_word_end_s

    def due(self, processed_s: float) -> float | None:
        """Return the end of the last word of an utterance that has ended by now, once."""
        last = self._last_word_end_s
        if self._gap_s is None or last is None or self._speaking or processed_s < last + self._gap_s:
            return None
        self._last_word_end_s = None
        return last
