"""Results of streaming recognition as messages."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from tritone_client import Transcription, Word

from tritone_gateway.routers.listen.parameters import ListenParameters
from tritone_gateway.schemas.listen import (
    ListenAlternative,
    ListenChannel,
    ListenWord,
    ModelInfo,
    Results,
    ResultsMetadata,
)

_MARKS = ".,?!;:\u2026\"'()"


class Reporter:
    """Makes the results of one connection."""

    def __init__(self, parameters: ListenParameters, request_id: str, model: str) -> None:
        self._parameters = parameters
        name = model or "default"
        self.model = ModelInfo(name=name, version="1", arch="ctc")
        self.model_uuid = str(uuid.uuid5(uuid.NAMESPACE_URL, f"tritone:{name}"))
        self._metadata = ResultsMetadata(
            request_id=request_id, model_info=self.model, model_uuid=self.model_uuid
        )

    def interim(self, transcript: str, start_s: float, end_s: float) -> Results:
        """What has been recognised so far of a segment."""
        return self._results(ListenAlternative(transcript=transcript), start_s, end_s, final=False)

    def final(
        self, transcription: Transcription, start_s: float, offset_s: float, end_s: float, from_finalize: bool
    ) -> Results:
        """A segment that has ended; the times of its words count from `offset_s`."""
        words = self._words(transcription, offset_s)
        alternative = ListenAlternative(
            transcript=self._transcript(transcription),
            confidence=_rounded(sum(word.confidence for word in words) / len(words)) if words else 0.0,
            words=words,
        )
        return self._results(alternative, start_s, end_s, final=True, from_finalize=from_finalize)

    def nothing(self, at_s: float) -> Results:
        """The answer to Finalize where nothing was left to recognise."""
        return self._results(ListenAlternative(transcript=""), at_s, at_s, final=True, from_finalize=True)

    def _results(
        self,
        alternative: ListenAlternative,
        start_s: float,
        end_s: float,
        *,
        final: bool,
        from_finalize: bool = False,
    ) -> Results:
        return Results(
            start=_rounded(start_s),
            duration=_rounded(max(0.0, end_s - start_s)),
            is_final=final,
            speech_final=final and self._parameters.endpointing,
            channel=ListenChannel(alternatives=[alternative]),
            metadata=self._metadata,
            from_finalize=from_finalize,
        )

    def _transcript(self, transcription: Transcription) -> str:
        if self._parameters.written and transcription.written_text is not None:
            return transcription.written_text
        return transcription.text if self._parameters.punctuate else transcription.transcript

    def _words(self, transcription: Transcription, offset_s: float) -> list[ListenWord]:
        if self._parameters.written and transcription.written_words:
            shown = [word.word for word in transcription.written_words]
            bare = [word.strip(_MARKS).lower() or word for word in shown]
            return _timed(bare, shown, transcription.written_words, offset_s)
        bare = [word.word for word in transcription.words]
        if not (self._parameters.punctuate or self._parameters.written):
            return _timed(bare, [None] * len(bare), transcription.words, offset_s)
        punctuated = transcription.text.split()
        # Punctuation normally leaves the number of words as it is.
        shown = punctuated if len(punctuated) == len(bare) else bare
        return _timed(bare, shown, transcription.words, offset_s)


def _timed(
    words: Sequence[str], shown: Sequence[str | None], timed: Sequence[Word], offset_s: float
) -> list[ListenWord]:
    return [
        ListenWord(
            word=word,
            punctuated_word=punctuated,
            start=_rounded(offset_s + time.start_s),
            end=_rounded(offset_s + time.end_s),
            confidence=_rounded(time.confidence),
        )
        for word, punctuated, time in zip(words, shown, timed, strict=True)
    ]


def _rounded(number: float) -> float:
    return round(number, 4)
