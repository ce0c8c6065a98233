import zipfile

import pytest

from perf.instruments.errors import AnalyzerError
from perf.instruments.perf_analyzer import find_analyzer, unpack


def script(path, text):
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_a_given_binary_is_checked_to_start(tmp_path):
    own = script(tmp_path / "own", "echo 'Perf Analyzer Version 2.99.0 (commit unknown)' >&2")
    found = find_analyzer(own, tmp_path / "cache")
    assert (found.binary, found.version) == (own, "2.99.0")
    assert str(tmp_path / "cache/lib") in found.environment["LD_LIBRARY_PATH"]


@pytest.mark.parametrize(
    ("library", "remedy"),
    [("libb64.so.0d", "make perf-packages"), ("libcudart.so.12", "make setup"), ("libother.so.1", "package")],
)
def test_a_missing_library_is_named_with_its_remedy(tmp_path, library, remedy):
    message = f"error while loading shared libraries: {library}: cannot open shared object file: No such file"
    broken = script(tmp_path / "broken", f"echo 'perf_analyzer: {message}' >&2; exit 127")
    with pytest.raises(AnalyzerError, match=library) as refused:
        find_analyzer(broken, tmp_path / "cache")
    assert remedy in str(refused.value)


def test_a_program_that_does_not_start_is_named(tmp_path):
    other = script(tmp_path / "other", "echo something else; exit 3")
    with pytest.raises(AnalyzerError, match="ended with code 3: something else"):
        find_analyzer(other, tmp_path / "cache")
    foreign = tmp_path / "foreign"
    foreign.write_bytes(b"\x7fELF" + bytes(60))
    foreign.chmod(0o755)
    with pytest.raises(AnalyzerError, match="expected a program for this machine"):
        find_analyzer(foreign, tmp_path / "cache")
    for path in (tmp_path, tmp_path / "nothing"):
        with pytest.raises(AnalyzerError, match="expected an executable file"):
            find_analyzer(path, tmp_path / "cache")


def test_the_binary_is_extracted_from_a_wheel(tmp_path):
    wheel, binary = tmp_path / "tritonclient-1.whl", tmp_path / "cache/1/perf_analyzer"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("tritonclient/__init__.py", "")
        archive.writestr("tritonclient-1.data/data/bin/perf_analyzer", "#!/bin/sh\nexit 0\n")
    unpack(wheel, binary)
    assert binary.read_text() == "#!/bin/sh\nexit 0\n"
    assert binary.stat().st_mode & 0o100
    assert list(binary.parent.iterdir()) == [binary]


def test_a_wheel_without_it_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "newer.whl", "w") as archive:
        archive.writestr("tritonclient/__init__.py", "")
    with pytest.raises(AnalyzerError, match=r"newer\.whl"):
        unpack(tmp_path / "newer.whl", tmp_path / "perf_analyzer")
