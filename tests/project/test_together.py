"""Several files, all written or none."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gateway.errors import GatewayError
from gateway.project.together import write_together


def _files(folder: Path) -> dict[str, bytes]:
    return {
        each.relative_to(folder).as_posix(): each.read_bytes()
        for each in folder.rglob("*")
        if each.is_file()
    }


def _kept() -> bool:
    return True


def test_all_files_are_written_folders_and_all(tmp_path: Path) -> None:
    (tmp_path / "b").write_bytes(b"old")
    write_together({tmp_path / "new/a": b"A", tmp_path / "b": b"B"}, _kept)
    assert _files(tmp_path) == {"new/a": b"A", "b": b"B"}


def test_what_is_not_wanted_is_undone(tmp_path: Path) -> None:
    (tmp_path / "b").write_bytes(b"old")
    seen: list[dict[str, bytes]] = []

    def look() -> bool:
        seen.append(_files(tmp_path))
        return False

    write_together({tmp_path / "a": b"A", tmp_path / "b": b"B"}, look)
    assert seen == [{"a": b"A", "b": b"B"}]
    assert _files(tmp_path) == {"b": b"old"}


def test_what_the_look_raises_is_passed_on_and_everything_undone(tmp_path: Path) -> None:
    def look() -> bool:
        raise KeyError("x")

    with pytest.raises(KeyError):
        write_together({tmp_path / "a": b"A"}, look)
    assert _files(tmp_path) == {}


def test_folders_that_were_made_are_taken_away_again_unless_somebody_uses_them(
    tmp_path: Path,
) -> None:
    def look() -> bool:
        (tmp_path / "used/theirs").write_bytes(b"")
        return False

    write_together({tmp_path / "new/deep/a": b"A", tmp_path / "used/b": b"B"}, look)
    assert [each.name for each in tmp_path.rglob("*")] == ["used", "theirs"]


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(GatewayError) as failed:
        write_together({tmp_path / "a": b"A", tmp_path / "file/b": b"B"}, _kept)
    assert failed.value.code == "project-unwritable"
    assert "file/b cannot be written" in failed.value.message
    assert _files(tmp_path) == {"file": b""}


def test_a_link_stays_one_and_rights_stay_as_they_are(tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.write_bytes(b"old")
    real.chmod(0o640)
    (tmp_path / "link").symlink_to(real)
    write_together({tmp_path / "link": b"new"}, _kept)
    assert (tmp_path / "link").is_symlink()
    assert real.read_bytes() == b"new"
    assert real.stat().st_mode & 0o777 == 0o640


def test_a_file_that_says_so_already_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"A")
    os.utime(path, (1, 1))
    write_together({path: b"A"}, _kept)
    assert path.stat().st_mtime == 1
