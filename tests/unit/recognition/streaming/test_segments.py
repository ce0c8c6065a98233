"""Where segments begin and end, and that streams are independent of each other and of their chunks."""

import numpy as np
import pytest

from tritone.recognition.streaming.recogniser import Chunk

from .networks import RATE, SEGMENTS, Ears, options, pause, tone


def stream(recognizer, audio, lengths=(5_120,), **changes):
    """Send a stream alone; return its updates."""
    going = recognizer.start(options(**changes))
    updates, at, number = [], 0, 0
    while at < audio.size:
        length = lengths[number % len(lengths)]
        at, number = at + length, number + 1
        samples = audio[at - length : at]
        updates += recognizer.advance([Chunk(going, samples, at >= audio.size)])
    return updates


def segments(updates):
    return [update.segment for update in updates if update.segment]


def spoken(*words):
    """Words of a second, each followed by a pause of so many seconds."""
    return np.concatenate([pause(1), *(part for word, s in words for part in (tone(word, 1), pause(s)))])


@pytest.mark.parametrize("lengths", [(5_120,), (1, 511, 7_000), (160_000,), (12_345,)], ids=str)
def test_a_segment_ends_after_a_pause_and_holds_all_of_its_speech(lengths):
    audio = spoken(("a", 0.5), ("b", 1.5), ("c", 2))
    found = segments(stream(Ears().recognizer(), audio, lengths))
    assert found[0].start <= RATE
    covered = np.zeros(audio.size, bool)
    for segment in found:
        np.testing.assert_array_equal(segment.samples, audio[segment.start : segment.stop])
        assert not covered[segment.start : segment.stop].any()
        covered[segment.start : segment.stop] = True
    assert covered[audio > 0].all()
    assert all(segment.start % 160 == 0 for segment in found)
    if max(lengths) < RATE:
        assert len(found) == 2  # the pause of half a second is within the first one


def test_several_endpoints_in_one_chunk_end_one_segment():
    audio = np.concatenate([spoken(("a", 1), ("b", 1)), tone("c", 0.5)])
    updates = stream(Ears().recognizer(), np.concatenate([audio, pause(2)]), (audio.size, 5_120))
    assert updates[0].segment.stop <= audio.size - tone("c", 0.5).size
    assert (updates[0].segment.samples > 0).sum() == 2 * RATE
    assert len(segments(updates)) == 2


@pytest.mark.parametrize("stop_ms", [200, 800, 2_000])
def test_the_length_of_the_pause_is_that_of_the_request(stop_ms):
    audio = spoken(("a", 3), ("b", 3))
    updates = stream(Ears().recognizer(), audio, (512,), stop_history_ms=stop_ms)
    first = next(update for update in updates if update.segment)
    assert first.audio_processed_s == pytest.approx(2 + stop_ms / 1000, abs=0.35)


def test_interim_texts_grow_and_are_those_of_the_segment():
    texts = [
        update.interim.transcript for update in stream(Ears().recognizer(), spoken(("a", 0.2), ("b", 2)))
    ]
    heard = list(dict.fromkeys(texts))
    assert heard == ["", "a", "a b"]
    assert texts[-1] == ""


def test_words_are_shown_within_a_step_of_their_end():
    audio = np.concatenate([pause(1), tone("a", 0.5), pause(0.2), tone("b", 0.5), pause(2)])
    for update in stream(Ears().recognizer(), audio):
        if update.audio_processed_s >= 2.3 and not update.segment:
            assert update.interim.transcript == "a b"
            return
    raise AssertionError("no interim text")


def test_silence_calls_only_the_detector():
    ears = Ears()
    updates = stream(ears.recognizer(), pause(30))
    assert not segments(updates)
    assert not ears.calls["features"]
    assert not ears.calls["acoustic"]


def test_small_chunks_do_not_call_networks_each():
    ears = Ears()
    stream(ears.recognizer(), spoken(("a", 2)), (160,))
    assert len(ears.calls["acoustic"]) <= 4 / 0.32 + 1
    assert len(ears.calls["voice_activity"]) <= 4 / 0.32 + 1


def test_without_interim_texts_only_the_detector_is_called():
    ears = Ears()
    updates = stream(ears.recognizer(), spoken(("a", 2)), interim=False)
    assert len(segments(updates)) == 1
    assert not ears.calls["acoustic"]


@pytest.mark.parametrize("detector", [True, False])
def test_without_the_detector_blanks_end_segments(detector):
    audio = spoken(("a", 2), ("b", 2))
    found = segments(stream(Ears().recognizer(detector=detector), audio, vad=False))
    assert len(found) >= 2
    holding = [segment for segment in found if segment.samples.any()]
    assert [round((segment.samples > 0).sum() / RATE) for segment in holding] == [1, 1]


def test_speech_is_announced_without_the_detector_too():
    updates = stream(Ears().recognizer(detector=False), spoken(("a", 2), ("b", 2)), vad=False)
    started = [update.audio_processed_s for update in updates if update.speech_started]
    assert len(started) == 2
    assert started == pytest.approx([1.3, 4.3], abs=0.4)


def test_without_the_detector_long_silence_is_dropped():
    found = segments(
        stream(Ears().recognizer(), np.concatenate([pause(20), tone("a", 1), pause(2)]), vad=False)
    )
    assert found[0].start > 15 * RATE
    assert (found[0].samples > 0).sum() == RATE


def test_sound_that_is_no_speech_for_the_network_is_dropped():
    """The detector takes it for speech, the acoustic model hears nothing: no segment grows."""
    hum = np.full(20 * RATE, 0.05, np.float32)
    going = Ears().recognizer()
    found = segments(stream(going, np.concatenate([hum, tone("a", 1), pause(2)])))
    assert all(segment.samples.size < 6 * RATE for segment in found)


def test_a_long_segment_is_cut_in_its_best_pause():
    parts = [part for _ in range(14) for part in (tone("a", 2), pause(0.15))]
    parts[15] = pause(0.4)  # after 8 words
    audio = np.concatenate([pause(0.5), *parts, tone("a", 2), pause(1)])
    found = segments(stream(Ears().recognizer(), audio))
    assert all(segment.stop - segment.start <= SEGMENTS.longest_segment for segment in found)
    assert found[0].stop == found[1].start
    assert audio[found[0].stop - 160 : found[0].stop + 160].max() == 0
    quiet_s = 0.5 + 8 * 2 + 7 * 0.15
    assert quiet_s <= found[0].stop_s <= quiet_s + 0.4


def test_a_long_segment_without_any_pause_is_cut_too():
    found = segments(stream(Ears().recognizer(), tone("a", 70), (160_000, 3_000)))
    assert all(segment.stop - segment.start <= SEGMENTS.longest_segment for segment in found)
    assert sum(segment.samples.size for segment in found) == 70 * RATE


def test_speech_start_is_told_once_per_segment():
    updates = stream(Ears().recognizer(), spoken(("a", 2), ("b", 2)))
    assert sum(update.speech_started for update in updates) == len(segments(updates)) == 2


def test_a_stream_that_ends_in_silence_has_no_last_segment():
    updates = stream(Ears().recognizer(), spoken(("a", 3)))
    assert updates[-1].segment is None
    assert len(segments(updates)) == 1


def test_streams_together_have_the_results_that_each_has_alone():
    audios = [
        np.concatenate([pause(k / 7), tone("abcdefgh"[k % 8], 1 + k / 5), pause(1.5)]) for k in range(20)
    ]
    lengths = [5_120 + 320 * k for k in range(20)]
    alone = [stream(Ears().recognizer(), *item) for item in zip(audios, [(n,) for n in lengths], strict=True)]
    ears = Ears()
    recognizer = ears.recognizer()
    going = [recognizer.start(options()) for _ in audios]
    together, at = [[] for _ in audios], [0] * len(audios)
    while any(place < audio.size for place, audio in zip(at, audios, strict=True)):
        live = [k for k, audio in enumerate(audios) if at[k] < audio.size]
        chunks = []
        for k in live:
            samples = audios[k][at[k] : at[k] + lengths[k]]
            at[k] += lengths[k]
            chunks.append(Chunk(going[k], samples, at[k] >= audios[k].size))
        for k, update in zip(live, recognizer.advance(chunks), strict=True):
            together[k].append(update)
    for ours, theirs in zip(together, alone, strict=True):
        assert [u.interim for u in ours] == [u.interim for u in theirs]
        assert [(s.start, s.stop) for s in segments(ours)] == [(s.start, s.stop) for s in segments(theirs)]
    assert max(shape[0] for shape in ears.calls["acoustic"]) > 4
    assert all(shape[0] <= 16 for calls in ("acoustic", "features") for shape in ears.calls[calls])
    assert all(shape[0] * shape[1] <= 30 * RATE for shape in ears.calls["features"])


def test_memory_of_a_stream_does_not_grow():
    recognizer = Ears().recognizer()
    going = recognizer.start(options())
    for _ in range(40):
        recognizer.advance([Chunk(going, np.concatenate([tone("a", 2), pause(2)]), False)])
    kept = going.samples.stop - going.samples.start
    assert kept < SEGMENTS.longest_segment
    assert going.mels.stop - going.mels.first < 3_000


def test_the_final_pass_gets_exactly_the_segment_and_the_request_parameters():
    ears = Ears()
    recognizer = ears.recognizer()
    (segment,) = segments(stream(recognizer, spoken(("a", 3))))
    final = recognizer.final.recognise(segment, {"vad": "on", "boost": "{}"}, written=False)
    assert ears.calls["final"] == [(segment.stop - segment.start, {"vad": "on", "boost": "{}"})]
    assert final.words.start_s == pytest.approx([0.5 + segment.start_s])
    assert final.words.end_s == pytest.approx([0.75 + segment.start_s])


def test_a_segment_too_short_for_the_recogniser_has_no_words():
    ears = Ears()
    recognizer = ears.recognizer()
    (segment,) = segments(stream(recognizer, tone("a", 0.01)))
    final = recognizer.final.recognise(segment, {}, written=False)
    assert (final.transcript, final.text, final.words.word.size) == (b"", b"", 0)
    assert ears.calls["final"] == []
