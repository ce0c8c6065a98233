import os
import subprocess
import sys

from tritone.server.shared_memory import new_prefix, prefix_flags, remove_orphans, remove_regions


def test_every_server_of_a_process_has_its_own_prefix():
    first, second = new_prefix(), new_prefix()
    assert first != second
    assert f"_{os.getpid()}_" in first


def test_only_the_regions_of_one_server_are_removed(tmp_path):
    first, second = new_prefix(), new_prefix()
    for prefix in (first, second):
        (tmp_path / f"{prefix}a-b").touch()
    remove_regions(first, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [f"{second}a-b"]


def test_only_regions_of_dead_launchers_are_removed(tmp_path):
    code = "from tritone.server.shared_memory import new_prefix; print(new_prefix())"
    dead = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.strip()
    alive, namespace = new_prefix(), dead.split("_")[1]
    reused = f"tritone_{namespace}_{os.getpid()}_1_0_"  # the id of an earlier process
    elsewhere = f"tritone_1_{2**22}_5_0_"  # of another namespace
    others = [f"{alive}x", f"{elsewhere}x", "triton_python_backend_shm_region_x", "tritone_notes"]
    for name in [f"{dead}x", f"{reused}x", *others]:
        (tmp_path / name).touch()
    remove_orphans(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(others)


def test_the_operators_own_prefix_is_kept():
    flags = prefix_flags("mine_", ["python", "onnxruntime"], [])
    assert flags == [
        f"--backend-config={name},shm-region-prefix-name=mine_" for name in ("python", "onnxruntime")
    ]
    assert prefix_flags("mine_", ["python"], ["--backend-config=python,shm-region-prefix-name=x"]) == []
