"""JSON files read strictly, faults with their place."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.errors import Place
from gateway.project.json_file import FileFault, read_json, read_text


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _fault(raw: bytes, limit: int = 1 << 20) -> FileFault:
    Path("a.json").write_bytes(raw)
    with pytest.raises(FileFault) as caught:
        read_json(Path("a.json"), limit)
    return caught.value


def test_json_is_read_with_or_without_a_byte_order_mark() -> None:
    Path("a.json").write_bytes(b'\xef\xbb\xbf{"a": [1, 2.5, null]}')
    assert read_json(Path("a.json"), 100) == {"a": [1, 2.5, None]}


@pytest.mark.parametrize(
    ("raw", "place", "said"),
    [
        (b'{"a": 1,\n "b" 2}', (2, 6), "expecting ':' delimiter"),
        (b"", (1, 1), "expecting value"),
        (b'{"a": "NaN",\n  "b": NaN}', (2, 8), "NaN is not a JSON number"),
        (b'["\\"Infinity", -Infinity]', (1, 16), "-Infinity is not a JSON number"),
        (b'{"1e999": "1e999",\n "b": -1e999}', (2, 7), "-1e999 is not a JSON number"),
        (b'["9", 1e' + b"9" * 99 + b"]", (1, 7), "1e9999999999999999999999… is not a"),
        (b'[12, "' + b"9" * 9000 + b'",\n 3, ' + b"9" * 5000 + b"]", (2, 5), "has too many digits"),
        (b"[" * 100_000, (1, 1), "nested too deeply"),
        (b'{"a": "\xff"}', (1, 8), "is not UTF-8 text"),
        (b'{"a":\n"\xc3\x28"}', (2, 2), "is not UTF-8 text"),
    ],
)
def test_a_fault_is_told_with_its_line_and_column(
    raw: bytes, place: tuple[int, int], said: str
) -> None:
    fault = _fault(raw)
    assert fault.place == Place("a.json", *place)
    assert said in fault.message
    assert fault.mend


def test_a_huge_file_is_refused_before_it_is_read() -> None:
    fault = _fault(b" " * (3 << 20), limit=2 << 20)
    assert fault.message == "a.json is larger than 2 MiB"
    assert fault.place is None


def test_a_file_that_is_not_there_or_a_folder_is_told_plainly() -> None:
    with pytest.raises(FileFault, match=r"gone\.json: no such file or directory"):
        read_text(Path("gone.json"), 10)
    Path("folder").mkdir()
    with pytest.raises(FileFault, match="folder: is a directory"):
        read_text(Path("folder"), 10)
