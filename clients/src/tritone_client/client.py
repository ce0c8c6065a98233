"""`Client`: the blocking client, over gRPC or HTTP."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Iterable, Mapping
from types import MappingProxyType, TracebackType
from typing import Any, TypeVar

from tritone_client import calls, catalogue, flows, probing, synthesis
from tritone_client.calls import Audio
from tritone_client.catalogue import Catalogue
from tritone_client.errors import TritoneError
from tritone_client.ordering import in_order_on_threads
from tritone_client.recognition import DecoderName, RecognitionOptions, VoiceActivity, with_options
from tritone_client.results import Health, Probe, Speech, Transcription
from tritone_client.settings import DEFAULT_CONCURRENCY, Settings
from tritone_client.streaming.audio import LiveAudio, LiveChunk
from tritone_client.streaming.events import TranscriptionEvent
from tritone_client.streaming.running import run_stream
from tritone_client.streaming.steps import StreamFlow
from tritone_client.streaming.synthesis import checked_text, speak, speak_pieces
from tritone_client.streaming.transcription import StreamOptions, checked_chunks, transcribe_stream
from tritone_client.synthesis import AudioFormat, SynthesisOptions
from tritone_client.transports import Transport, open_transport, streams_of

Result = TypeVar("Result")


class Client(Settings):
    """Blocking client for a tritone server.

    A client may be used by several threads at the same time. On failure, every method raises a
    `TritoneError`; see `tritone_client.errors` for the class tree.
    """

    _transport: Transport | None = None  # opened by the first request
    _opening = threading.Lock()

    def transcribe(
        self,
        audio: Audio,
        *,
        written: bool = False,
        decoder: DecoderName | None = None,
        boost: Mapping[str, float] = MappingProxyType({}),
        alternatives: int = 0,
        vad: VoiceActivity | None = None,
    ) -> Transcription:
        """Transcribe a recording.

        Args:
            audio: path or content of an audio file (WAV, FLAC, OGG, MP3, WebM, MP4, AAC, AMR, WMA; any rate
                and number of channels); or (N,) float32 samples, 16 kHz mono in [-1, 1].
            written: also return the text with numbers, money, dates and times in figures (`written_text`,
                `written_words`).
            decoder: "beam" searches with the server's language model, "greedy" takes the most probable label
                of each frame. None: beam, if there is a language model.
            boost: phrases to favour and their weights, -20 to 20; 3 to 8 is common.
            alternatives: 0 to 10, how many of the most probable transcripts to return.
            vad: "on" recognises only where somebody speaks, "off" the whole recording as it is. None: as the
                server is configured, usually on.

        Raises:
            OSError: the file cannot be read.
        """
        options = RecognitionOptions(decoder, boost, alternatives, vad)
        call = with_options(calls.transcribe(audio, written), options)
        return self._run(flows.complete(call, self._retry_policy))

    def stream_transcription(
        self,
        chunks: Iterable[LiveChunk],
        *,
        sample_rate_hz: int = calls.SAMPLE_RATE_HZ,
        interim: bool = True,
        written: bool = False,
        decoder: DecoderName | None = None,
        boost: Mapping[str, float] = MappingProxyType({}),
        vad: VoiceActivity | None = None,
        stop_history_ms: int | None = None,
    ) -> Generator[TranscriptionEvent, None, None]:
        """Transcribe audio while it comes in, and yield what happens: speech starts, interim texts, finals.

        The next chunk is taken when the server has answered the one before and the caller asks for the next
        event. Chunks may have any length; what comes at 160 ms or less is sent without delay. An exception of
        `chunks` is raised here, and closing the generator ends the stream. An overloaded server is asked
        again until it has taken the first chunk, never later. `timeout_s` of the client limits the answer to
        each chunk.

        Args:
            chunks: mono samples, as float32 in [-1, 1], as int16, or as bytes of 16-bit little-endian PCM.
            sample_rate_hz: of the chunks, 4,000 to 768,000; other rates than 16,000 are resampled.
            interim: whether to yield interim texts.
            written: also return finals with numbers, money, dates and times in figures.
            decoder: see `transcribe`.
            boost: see `transcribe`.
            vad: see `transcribe`.
            stop_history_ms: a segment ends after so much silence. None: as the server is configured, usually
                800.

        Raises:
            InvalidRequestError: also if the client's protocol is http.
        """
        recognition = RecognitionOptions(decoder, boost, vad=vad)
        options = StreamOptions(recognition, interim, written, stop_history_ms)
        flow = transcribe_stream(LiveAudio(sample_rate_hz), options, self._retry_policy)
        return self._run_stream(flow, checked_chunks(chunks))

    def punctuate(self, text: str) -> str:
        """Return a transcript with punctuation and capitals."""
        return self._run(flows.complete(calls.punctuate(text), self._retry_policy))

    def synthesize(
        self,
        text: str,
        *,
        seed: int | None = None,
        speed: float | None = None,
        sigma: float | None = None,
        denoise: float | None = None,
        pitch: float | None = None,
        speaker: int | None = None,
    ) -> Speech:
        """Synthesize a text as samples.

        Args:
            text: of any length.
            seed: 0 to 2**63 - 1; equal seeds give equal samples. None: different each time.
            speed: 0.5 (slow) to 2 (fast), at the same pitch. None: 1.
            sigma: 0 to 1, standard deviation of the vocoder's noise; lower is cleaner and flatter. None: the
                voice's default.
            denoise: 0 to 1, how much of the vocoder's bias noise is removed. None: 0.
            pitch: -3 to 3, added to the pitch in standard deviations of the voice's training data. None: 0.
            speaker: index, from 0, of a voice with several speakers. None: 0.
        """
        return self._speech(text, SynthesisOptions(seed, speed, sigma, denoise, pitch, speaker))

    def stream_synthesis(
        self,
        text: str | Iterable[str],
        *,
        seed: int | None = None,
        speed: float | None = None,
        sigma: float | None = None,
        denoise: float | None = None,
        pitch: float | None = None,
        speaker: int | None = None,
    ) -> Generator[Speech, None, None]:
        """Synthesize a text and yield its speech in chunks, the first one at once.

        The joined chunks of a text are the samples of `synthesize` with the same seed. Closing the generator
        cancels the synthesis; an overloaded server is asked again until the first chunk is there.

        Args:
            text: of any length; or the pieces that it comes in, as a language model writes them. These are
                joined as they are, and spoken as sentences are complete.
            seed: see `synthesize`.
            speed: see `synthesize`.
            sigma: see `synthesize`.
            denoise: see `synthesize`.
            pitch: see `synthesize`.
            speaker: see `synthesize`.

        Raises:
            InvalidRequestError: also if the client's protocol is http.
        """
        options, text = SynthesisOptions(seed, speed, sigma, denoise, pitch, speaker), checked_text(text)
        if isinstance(text, str):
            return self._run_stream(speak(text, options, self._retry_policy), ())
        return self._run_stream(speak_pieces(options, self._retry_policy), text)

    def synthesize_encoded(
        self,
        text: str,
        format: AudioFormat = "wav",
        *,
        seed: int | None = None,
        speed: float | None = None,
        sigma: float | None = None,
        denoise: float | None = None,
        pitch: float | None = None,
        speaker: int | None = None,
    ) -> bytes:
        """Synthesize a text as the content of an audio file.

        Args:
            text: see `synthesize`.
            format: "wav", "flac", "ogg" (Opus), "mp3", or "pcm": 16-bit little-endian mono samples without
                a header, at the voice's sample rate.
            seed: see `synthesize`.
            speed: see `synthesize`.
            sigma: see `synthesize`.
            denoise: see `synthesize`.
            pitch: see `synthesize`.
            speaker: see `synthesize`.
        """
        call = synthesis.audio_file(
            text, format, SynthesisOptions(seed, speed, sigma, denoise, pitch, speaker)
        )
        return self._run(flows.complete(call, self._retry_policy))

    def reading(self, text: str) -> str:
        """Return a text as it would be spoken, in words, one paragraph per line; no speech is synthesized."""
        return self._run(flows.complete(synthesis.reading(text), self._retry_policy))

    def synthesize_all(
        self,
        texts: Iterable[str],
        *,
        seed: int | None = None,
        speed: float | None = None,
        sigma: float | None = None,
        denoise: float | None = None,
        pitch: float | None = None,
        speaker: int | None = None,
        concurrency: int = DEFAULT_CONCURRENCY,
    ) -> Generator[Speech | TritoneError, None, None]:
        """Synthesize many texts and yield the results in order; a failed text yields its error.

        Args:
            texts: see `synthesize`; the parameters apply to every text.
            seed: see `synthesize`.
            speed: see `synthesize`.
            sigma: see `synthesize`.
            denoise: see `synthesize`.
            pitch: see `synthesize`.
            speaker: see `synthesize`.
            concurrency: number of concurrent requests.
        """
        options = SynthesisOptions(seed, speed, sigma, denoise, pitch, speaker)

        def spoken(text: str) -> Speech | TritoneError:
            try:
                return self._speech(text, options)
            except TritoneError as error:
                return error

        several, workers = synthesis.checked_texts(texts), synthesis.checked_concurrency(concurrency)
        return in_order_on_threads(spoken, several, workers)

    def health(self) -> Health:
        """Return the state of the server and of each public model; raises when the server does not answer."""
        return self._run(flows.health(self._retry_policy, self._model))

    def probe(self, models: Iterable[str] | None = None, deadline_s: float = probing.DEADLINE_S) -> Probe:
        """Send small requests to each pipeline; raises when the address does not answer.

        A server that lost a model's process still says that it is ready. This tells, within `deadline_s` for
        each pipeline.

        Args:
            models: the pipelines; each gets requests one after another. None: all, or all with the name that
                the client was given.
            deadline_s: seconds for all requests to one pipeline.
        """
        return self._run(probing.probe(models, deadline_s, self._model))

    def wait_until_ready(self, wait_s: float = 0.0, models: Iterable[str] | None = None) -> None:
        """Wait until the models can be used, for at most `wait_s` seconds.

        Args:
            wait_s: 0 asks once.
            models: None: all public ones, or all with the name that the client was given.

        Raises:
            ServerUnavailableError: the address does not answer.
            ServerNotReadyError: the server is still loading the models.
            ModelNotFoundError: the server does not serve the models.
        """
        self._run(flows.wait_until_ready(models, wait_s, self._retry_policy, self._model, self._canary))

    def models(self) -> Catalogue:
        """Return the recognisers and voices that the server has."""
        return self._run(catalogue.served())

    def close(self) -> None:
        """Close all connections."""
        if self._transport is not None:
            self._transport.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _speech(self, text: str, options: SynthesisOptions) -> Speech:
        return self._run(flows.complete(synthesis.speech(text, options), self._retry_policy))

    def _run(self, flow: flows.Flow[Result]) -> Result:
        transport = self._opened()
        run = flows.FlowRun(flow)
        while run.step is not None:
            try:
                answer = self._execute(run.step, transport)
            except TritoneError as error:
                run.fail(error)
            else:
                run.answer(answer)
        return run.result

    def _run_stream(self, flow: StreamFlow, inputs: Iterable[Any]) -> Generator[Any, None, None]:
        transport = self._opened()
        connect = streams_of(transport).open_stream
        return run_stream(flow, inputs, connect, lambda step: self._execute(step, transport), self._pipeline)

    def _execute(self, step: flows.Ask | flows.Pause, transport: Transport) -> Any:
        if isinstance(step, flows.Pause):
            return time.sleep(step.seconds)
        return transport.ask(self._addressed(step.question), step.timeout_s)

    def _opened(self) -> Transport:
        with self._opening:
            if self._transport is None:
                self._transport = open_transport(self.url, self.protocol, self.tls)
            return self._transport
