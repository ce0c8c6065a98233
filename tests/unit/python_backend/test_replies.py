import gc
import threading
import weakref

import pytest

from tritone.python_backend import replies
from tritone.python_backend.replies import Keeper, Reply


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


def test_the_caller_is_not_asked_for_again_at_once_and_a_cancellation_is_final(request_of, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(replies.time, "monotonic", lambda: now[0])
    request = request_of(1)
    reply = Reply(request.sender)
    assert [reply.is_cancelled() for _ in range(3)] == [False] * 3
    assert request.sender.questions == 1
    request.cancelled = True
    now[0] += replies.ASK_AGAIN_S
    assert reply.is_cancelled()
    now[0] += replies.ASK_AGAIN_S
    assert reply.is_cancelled()
    assert request.sender.questions == 2


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


class Item:
    pass


def test_what_is_kept_is_let_go_of_after_its_time(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(replies.time, "monotonic", lambda: now[0])
    keeper, item = Keeper(), Item()
    alive = weakref.ref(item)
    keeper.keep(item)
    del item
    now[0] += replies.KEPT_S
    keeper.keep(Item())
    gc.collect()
    assert alive() is not None
    now[0] += 0.001
    keeper.keep(Item())
    gc.collect()
    assert alive() is None


def test_senders_outlive_their_answers(request_of):
    request = request_of(1)
    alive = weakref.ref(request.sender)
    Reply(request.sender).send("answer")
    other = request_of(1)
    other_alive = weakref.ref(other.sender)
    replies.is_cancelled(other)
    del request, other
    gc.collect()
    assert alive() is not None
    assert other_alive() is not None
