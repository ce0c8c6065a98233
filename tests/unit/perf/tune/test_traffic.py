from itertools import islice

import numpy as np
from tritonclient.grpc import service_pb2

from perf.tune.traffic import same_answer, traffic


def answer(**outputs):
    response = service_pb2.ModelInferResponse()
    for name, content in outputs.items():
        response.outputs.add(name=name)
        response.raw_output_contents.append(content)
    return response.SerializeToString()


def text(content):
    return answer(text=len(content).to_bytes(4, "little") + content)


def speech(samples, value):
    audio = np.full(samples, value, np.float32)
    return answer(audio=audio.tobytes(), audio_length=np.int64(samples).tobytes())


def test_pipelines_take_turns_and_requests_come_again():
    pools = {"a": [b"1", b"2"], "b": [b"3"]}
    assert traffic(["a"], 3, pools) == [("a", b"1"), ("a", b"2"), ("a", b"1")]
    mixed = traffic(["a", "b"], 5, pools)
    assert list(islice(mixed, 4)) == [("a", b"1"), ("b", b"3"), ("a", b"2"), ("b", b"3")]


def test_texts_must_be_equal_and_speech_of_equal_length():
    assert same_answer("speech_to_text", text(b"One."), text(b"One."))
    assert not same_answer("speech_to_text", text(b"One."), text(b"Two."))
    assert same_answer("text_to_speech", speech(8, 0.1), speech(8, 0.1000001))
    assert not same_answer("text_to_speech", speech(8, 0.1), speech(9, 0.1))
