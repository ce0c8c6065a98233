import pytest

from perf.tune.repository import varied_copy
from perf.tune.settings import Setting, TuneError
from tritone.repository.configs import read_config
from tritone.server.options import REPOSITORIES

COMMITTED = REPOSITORIES[0]


def contents(folder):
    return {path: path.read_bytes() for path in sorted(folder.rglob("*.pbtxt"))}


def test_only_what_is_changed_differs(tmp_path):
    before = contents(COMMITTED)
    copy = varied_copy(COMMITTED, tmp_path / "copy", {"asr_quartznet": Setting(5, 3).apply})
    assert contents(COMMITTED) == before
    assert sorted(path.name for path in copy.iterdir()) == sorted(
        path.parent.name for path in COMMITTED.glob("*/config.pbtxt")
    )
    for folder in copy.iterdir():
        new, old = (read_config(place / "config.pbtxt") for place in (folder, COMMITTED / folder.name))
        assert (new == old) is (folder.name != "asr_quartznet")
    changed = read_config(copy / "asr_quartznet/config.pbtxt")
    assert Setting.of(changed, 2) == Setting(5, 3)


def test_weights_are_linked_to_and_no_config_is(tmp_path):
    copy = varied_copy(COMMITTED, tmp_path / "copy", {})
    version = copy / "asr_quartznet/1"
    assert version.is_symlink()
    assert version.resolve() == COMMITTED / "asr_quartznet/1"
    assert not any(path.is_symlink() for path in copy.glob("*/config.pbtxt"))
    assert not (copy / "asr_quartznet/configs").exists()


def test_a_variant_is_what_is_changed(tmp_path):
    copy = varied_copy(COMMITTED, tmp_path / "copy", {"asr_quartznet": Setting(1, 1).apply}, "int8")
    expected = read_config(COMMITTED / "asr_quartznet/configs/int8.pbtxt")
    assert read_config(copy / "asr_quartznet/config.pbtxt").default_model_filename == (
        expected.default_model_filename
    )
    plain = read_config(COMMITTED / "punctuation_bert/config.pbtxt")
    assert read_config(copy / "punctuation_bert/config.pbtxt") == plain


def test_a_model_that_is_not_there_is_named(tmp_path):
    with pytest.raises(TuneError, match="found no tts_parrot"):
        varied_copy(COMMITTED, tmp_path / "copy", {"tts_parrot": Setting(1, 1).apply})
    assert not (tmp_path / "copy").exists()
