import threading

import pytest

from tritone.python_backend.replies import Reply


@pytest.fixture
def sender(request_of):
    return request_of(1).sender


def test_nothing_is_asked_after_the_answer(sender):
    reply = Reply(sender)
    assert not reply.is_cancelled()
    reply.send("answer")
    assert reply.is_cancelled()  # the fake refuses to be asked now
    assert sender.questions == 1


def test_only_the_first_answer_counts(sender):
    reply = Reply(sender)
    reply.send("first")
    reply.send("second")
    assert sender.response == "first"


def test_a_caller_that_goes_is_noticed(request_of):
    request = request_of(1)
    reply = Reply(request.sender)
    assert not reply.is_cancelled()
    request.cancelled = True
    assert reply.is_cancelled()


def test_an_answer_waits_for_a_question_that_is_under_way():
    asked, answer_it, events = threading.Event(), threading.Event(), []

    class SlowSender:
        def is_cancelled(self):
            asked.set()
            assert answer_it.wait(10)
            events.append("asked")
            return False

        def send(self, response, flags):
            events.append("sent")

    reply = Reply(SlowSender())
    asking = threading.Thread(target=reply.is_cancelled)
    sending = threading.Thread(target=reply.send, args=["answer"])
    asking.start()
    assert asked.wait(10)
    sending.start()
    sending.join(0.1)
    answer_it.set()
    sending.join(10)
    asking.join(10)
    assert events == ["asked", "sent"]
