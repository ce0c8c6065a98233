import io
import random

from tritone.audio.splicing import SplicedFile

PIECES = [b"abc", b"", b"defgh", b"i", bytes(range(100))]
WHOLE = b"".join(PIECES)


def spliced():
    return SplicedFile([memoryview(piece) for piece in PIECES])


def test_pieces_are_read_as_one_file():
    assert spliced().read() == WHOLE


def test_it_reads_and_seeks_like_a_file_in_memory():
    chance, file, model = random.Random(4), spliced(), io.BytesIO(WHOLE)
    for _ in range(2000):
        if chance.random() < 0.5:
            size = chance.randrange(20)
            assert file.read(size) == model.read(size)
        else:
            move = chance.choice([(chance.randrange(130), 0), (-chance.randrange(100), 2)])
            assert file.seek(*move) == model.seek(*move)
        assert file.tell() == model.tell()


def test_no_pieces_are_an_empty_file():
    assert SplicedFile([]).read() == b""
