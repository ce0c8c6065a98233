"""`AsyncClient`: the asyncio client, over gRPC or HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Iterable, Mapping
from types import MappingProxyType, TracebackType
from typing import Any, TypeVar

from tritone_client import calls, catalogue, flows, probing, synthesis
from tritone_client.calls import Audio
from tritone_client.catalogue import Catalogue
from tritone_client.errors import TritoneError
from tritone_client.ordering import in_order
from tritone_client.recognition import DecoderName, RecognitionOptions, VoiceActivity, with_options
from tritone_client.results import Health, Probe, Speech, Transcription
from tritone_client.settings import DEFAULT_CONCURRENCY, Settings
from tritone_client.streaming.audio import LiveAudio, LiveChunk
from tritone_client.streaming.events import TranscriptionEvent
from tritone_client.streaming.running import run_stream_async
from tritone_client.streaming.steps import StreamFlow
from tritone_client.streaming.synthesis import checked_text, speak, speak_pieces
from tritone_client.streaming.transcription import StreamOptions, checked_chunks, transcribe_stream
from tritone_client.synthesis import AudioFormat, SynthesisOptions
from tritone_client.transports import AsyncTransport, async_streams_of, open_async_transport

Result = TypeVar("Result")


class AsyncClient(Settings):
    """Client for asyncio: the methods of `Client` as coroutines, to be used in one event loop."""

    _transport: AsyncTransport | None = None  # opened by the first request, in its event loop

    async def transcribe(
        self,
        audio: Audio,
        *,
        written: bool = False,
        decoder: DecoderName | None = None,
        boost: Mapping[str, float] = MappingProxyType({}),
        alternatives: int = 0,
        vad: VoiceActivity | None = None,
    ) -> Transcription:
        """Transcribe a recording; see `Client.transcribe`."""
        options = RecognitionOptions(decoder, boost, alternatives, vad)
        call = await asyncio.to_thread(calls.transcribe, audio, written)  # reads the file
        return await self._run(flows.complete(with_options(call, options), self._retry_policy))

    def stream_transcription(
        self,
        chunks: AsyncIterable[LiveChunk] | Iterable[LiveChunk],
        *,
        sample_rate_hz: int = calls.SAMPLE_RATE_HZ,
        interim: bool = True,
        written: bool = False,
        decoder: DecoderName | None = None,
        boost: Mapping[str, float] = MappingProxyType({}),
        vad: VoiceActivity | None = None,
        stop_history_ms: int | None = None,
    ) -> AsyncGenerator[TranscriptionEvent, None]:
        """Transcribe audio while it comes in; see `Client.stream_transcription`.

        Chunks from an ordinary iterator must not block, as nothing else would run in the event loop.
        """
        recognition = RecognitionOptions(decoder, boost, vad=vad)
        options = StreamOptions(recognition, interim, written, stop_history_ms)
        flow = transcribe_stream(LiveAudio(sample_rate_hz), options, self._retry_policy)
        return self._run_stream(flow, checked_chunks(chunks))

    async def punctuate(self, text: str) -> str:
        """Return a transcript with punctuation and capitals."""
        return await self._run(flows.complete(calls.punctuate(text), self._retry_policy))

    async def synthesize(
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
        """Synthesize a text as samples; see `Client.synthesize`."""
        return await self._speech(text, SynthesisOptions(seed, speed, sigma, denoise, pitch, speaker))

    def stream_synthesis(
        self,
        text: str | AsyncIterable[str] | Iterable[str],
        *,
        seed: int | None = None,
        speed: float | None = None,
        sigma: float | None = None,
        denoise: float | None = None,
        pitch: float | None = None,
        speaker: int | None = None,
    ) -> AsyncGenerator[Speech, None]:
        """Synthesize a text and yield its speech in chunks; see `Client.stream_synthesis`."""
        options, text = SynthesisOptions(seed, speed, sigma, denoise, pitch, speaker), checked_text(text)
        if isinstance(text, str):
            return self._run_stream(speak(text, options, self._retry_policy), ())
        return self._run_stream(speak_pieces(options, self._retry_policy), text)

    async def synthesize_encoded(
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
        """Synthesize a text as the content of an audio file; see `Client.synthesize_encoded`."""
        call = synthesis.audio_file(
            text, format, SynthesisOptions(seed, speed, sigma, denoise, pitch, speaker)
        )
        return await self._run(flows.complete(call, self._retry_policy))

    async def reading(self, text: str) -> str:
        """Return the normalised form of a text, as it would be spoken; see `Client.reading`."""
        return await self._run(flows.complete(synthesis.reading(text), self._retry_policy))

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
    ) -> AsyncGenerator[Speech | TritoneError, None]:
        """Synthesize many texts and yield the results in order; see `Client.synthesize_all`."""
        options = SynthesisOptions(seed, speed, sigma, denoise, pitch, speaker)

        async def spoken(text: str) -> Speech | TritoneError:
            try:
                return await self._speech(text, options)
            except TritoneError as error:
                return error

        several, workers = synthesis.checked_texts(texts), synthesis.checked_concurrency(concurrency)
        return in_order(spoken, several, workers)

    async def health(self) -> Health:
        """Return the state of the server and of each public model; raises when the server does not answer."""
        return await self._run(flows.health(self._retry_policy, self._model))

    async def probe(
        self, models: Iterable[str] | None = None, deadline_s: float = probing.DEADLINE_S
    ) -> Probe:
        """Check each pipeline with small requests; see `Client.probe`."""
        return await self._run(probing.probe(models, deadline_s, self._model))

    async def wait_until_ready(self, wait_s: float = 0.0, models: Iterable[str] | None = None) -> None:
        """Wait until the models can be used; see `Client.wait_until_ready`."""
        await self._run(flows.wait_until_ready(models, wait_s, self._retry_policy, self._model, self._canary))

    async def models(self) -> Catalogue:
        """Return the recognisers and voices that the server has."""
        return await self._run(catalogue.served())

    async def close(self) -> None:
        """Close all connections."""
        if self._transport is not None:
            await self._transport.close()

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _speech(self, text: str, options: SynthesisOptions) -> Speech:
        return await self._run(flows.complete(synthesis.speech(text, options), self._retry_policy))

    async def _run(self, flow: flows.Flow[Result]) -> Result:
        transport = self._opened()
        run = flows.FlowRun(flow)
        while run.step is not None:
            try:
                answer = await self._execute(run.step, transport)
            except TritoneError as error:
                run.fail(error)
            else:
                run.answer(answer)
        return run.result

    def _run_stream(
        self, flow: StreamFlow, inputs: AsyncIterable[Any] | Iterable[Any]
    ) -> AsyncGenerator[Any, None]:
        transport = self._opened()
        connect = async_streams_of(transport).open_stream
        return run_stream_async(
            flow, inputs, connect, lambda step: self._execute(step, transport), self._pipeline
        )

    async def _execute(self, step: flows.Ask | flows.Pause, transport: AsyncTransport) -> Any:
        if isinstance(step, flows.Pause):
            return await asyncio.sleep(step.seconds)
        return await transport.ask(self._addressed(step.question), step.timeout_s)

    def _opened(self) -> AsyncTransport:
        if self._transport is None:
            self._transport = open_async_transport(self.url, self.protocol, self.tls)
        return self._transport
