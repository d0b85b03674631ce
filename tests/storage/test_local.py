"""The stores of files over real folders."""

from __future__ import annotations

import asyncio
import hashlib
import os
import resource
from collections.abc import AsyncGenerator, AsyncIterator, Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from obstore.store import MemoryStore

from gateway.errors import GatewayError, InputRefused
from gateway.jobs.files import InputStore, KeptFile, OutputStore, StoredFile
from gateway.storage.inputs import ObjectInputStore
from gateway.storage.local import open_input_store, open_output_store
from gateway.storage.outputs import ObjectOutputStore
from gateway.storage.place import Place

MIB = 1024 * 1024


async def of(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def whole(chunks: AsyncIterator[bytes]) -> bytes:
    return b"".join([bytes(chunk) async for chunk in chunks])


def files_in(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


class Source:
    """Chunks of a file that can break off, and knows whether it was let go of."""

    def __init__(self, *parts: bytes, error: Exception | None = None) -> None:
        self.parts = parts
        self.error = error
        self.closed = False
        self.taken = 0

    async def chunks(self) -> AsyncGenerator[bytes]:
        """Yield the parts, then break off."""
        try:
            for part in self.parts:
                self.taken += 1
                yield part
            if self.error is not None:
                raise self.error
        finally:
            self.closed = True


@pytest.fixture
def outputs(tmp_path: Path) -> ObjectOutputStore:
    return open_output_store(str(tmp_path / "outputs"))


@pytest.fixture
def inputs(tmp_path: Path) -> ObjectInputStore:
    return open_input_store(str(tmp_path / "inputs"))


# --- outputs --------------------------------------------------------------------------------------


async def test_a_small_file_is_kept_under_its_key(tmp_path: Path, outputs: OutputStore) -> None:
    stored = await outputs.write("job/a b.png", of(b"one", b"two"))

    place = tmp_path / "outputs" / "job" / "a b.png"
    assert stored == StoredFile("job/a b.png", 6, str(place))
    assert place.read_bytes() == b"onetwo"
    assert outputs.path("job/a b.png") == str(place)


async def test_an_empty_file_is_kept_too(outputs: OutputStore) -> None:
    stored = await outputs.write("job/empty.txt", of())
    opened = await outputs.open(stored.key)
    assert (stored.size, opened.size, await whole(opened.chunks)) == (0, 0, b"")


async def test_a_large_file_is_streamed_and_read_back(tmp_path: Path, outputs: OutputStore) -> None:
    parts = [bytes([number]) * (MIB // 3) for number in range(20)]

    stored = await outputs.write("job/film.mp4", of(*parts))

    opened = await outputs.open("job/film.mp4")
    assert stored.size == opened.size == sum(map(len, parts))
    assert await whole(opened.chunks) == b"".join(parts)
    assert list(files_in(tmp_path / "outputs")) == ["job/film.mp4"]


@pytest.mark.parametrize("size", [0, 10, MIB, MIB + 1, 3 * MIB])
async def test_half_a_file_is_never_left(tmp_path: Path, outputs: OutputStore, size: int) -> None:
    source = Source(b"x" * size, error=ConnectionError("the line broke"))

    with pytest.raises(ConnectionError, match="the line broke"):
        await outputs.write("job/film.mp4", source.chunks())

    assert files_in(tmp_path / "outputs") == {}
    assert source.closed
    with pytest.raises(KeyError):
        await outputs.open("job/film.mp4")


async def test_a_write_that_is_cancelled_leaves_nothing(
    tmp_path: Path, outputs: OutputStore
) -> None:
    stuck = asyncio.Event()

    async def chunks() -> AsyncIterator[bytes]:
        yield b"x" * 3 * MIB
        stuck.set()
        await asyncio.Event().wait()

    writing = asyncio.create_task(outputs.write("job/film.mp4", chunks()))
    await asyncio.wait_for(stuck.wait(), 5)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing

    assert files_in(tmp_path / "outputs") == {}


async def test_a_broken_rewrite_leaves_the_old_file(outputs: OutputStore) -> None:
    await outputs.write("job/a.txt", of(b"old"))
    with pytest.raises(OSError, match="gone"):
        await outputs.write("job/a.txt", Source(b"n" * 2 * MIB, error=OSError("gone")).chunks())
    assert await whole((await outputs.open("job/a.txt")).chunks) == b"old"


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (0, None, bytes(range(100))),
        (10, 20, bytes(range(10, 20))),
        (90, None, bytes(range(90, 100))),
        (90, 500, bytes(range(90, 100))),
        (-5, 3, bytes(range(3))),
        (100, None, b""),
        (500, 600, b""),
        (20, 10, b""),
        (10, 10, b""),
        (0, 0, b""),
    ],
)
async def test_a_part_of_a_file_can_be_read(
    outputs: OutputStore, start: int, end: int | None, expected: bytes
) -> None:
    await outputs.write("job/x", of(bytes(range(100))))
    opened = await outputs.open("job/x", start, end)
    assert (opened.size, await whole(opened.chunks)) == (100, expected)


@pytest.mark.parametrize("key", ["job/none.png", "none/none.png", "job", "", "/"])
async def test_what_is_not_there_is_a_key_error(outputs: OutputStore, key: str) -> None:
    await outputs.write("job/x", of(b"x"))
    with pytest.raises(KeyError):
        await outputs.open(key)


async def test_removing_a_job_removes_its_files_only(tmp_path: Path, outputs: OutputStore) -> None:
    for key in ("job1/a", "job1/deep/b", "job10/c", "job2/d"):
        await outputs.write(key, of(b"x"))
    (tmp_path / "outputs" / "job1" / "film.mp4#1").write_bytes(b"left by a killed process")

    await outputs.remove("job1")
    await outputs.remove("never-there")

    assert list(files_in(tmp_path / "outputs")) == ["job10/c", "job2/d"]
    assert not (tmp_path / "outputs" / "job1").exists()


@pytest.mark.parametrize("prefix", ["", "/"])
async def test_everything_is_never_removed_at_once(outputs: OutputStore, prefix: str) -> None:
    await outputs.write("job/a", of(b"x"))
    with pytest.raises(GatewayError) as caught:
        await outputs.remove(prefix)
    assert caught.value.code == "storage-outside"
    assert await whole((await outputs.open("job/a")).chunks) == b"x"


@pytest.mark.parametrize(
    "key",
    [
        "../escaped.txt",
        "job/../../escaped.txt",
        "/etc/escaped.txt",
        "job/a\0b",
        "job\\..\\..\\escaped.txt",
        "C:\\escaped.txt",
        "job/CON",
        "job/nul.png",
        "job/" + "n" * 5000 + ".png",
        "job/\n.png",
        "job/.bashrc",
        "job/half \ud800.png",
        "job/%2e%2e/x",
        "job/x.png#1",
    ],
)
async def test_no_key_leads_out_of_the_folder(
    tmp_path: Path, outputs: OutputStore, key: str
) -> None:
    stored = await outputs.write(key, of(b"kept"))

    assert stored.path == str(tmp_path / "outputs" / stored.key)
    assert files_in(tmp_path) == {f"outputs/{stored.key}": b"kept"}
    assert await whole((await outputs.open(key)).chunks) == b"kept"
    assert await whole((await outputs.open(stored.key)).chunks) == b"kept"
    assert outputs.path(key) == stored.path


def drop(path: str) -> None:
    """Remove a file that stands in no job's folder: the next key may need a folder of its name."""
    Path(path).unlink(missing_ok=True)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(key=st.text(min_size=1, max_size=200).filter(lambda text: text.strip("/")))
async def test_any_text_is_a_key(tmp_path: Path, outputs: OutputStore, key: str) -> None:
    stored = await outputs.write(key, of(key.encode(errors="replace")))
    assert stored.path is not None
    assert Path(stored.path).is_relative_to(tmp_path / "outputs")
    opened = await outputs.open(stored.key)
    assert await whole(opened.chunks) == key.encode(errors="replace")
    await outputs.remove(stored.key.partition("/")[0])
    drop(stored.path)


async def test_a_symbolic_link_in_the_folder_is_not_followed(
    tmp_path: Path, outputs: OutputStore
) -> None:
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "key.txt").write_text("secret")
    (tmp_path / "outputs" / "job").symlink_to(tmp_path / "secret")

    with pytest.raises(KeyError):
        await outputs.open("job/key.txt")
    with pytest.raises(GatewayError) as written:
        await outputs.write("job/new.txt", of(b"x"))
    with pytest.raises(GatewayError) as removed:
        await outputs.remove("job")

    assert outputs.path("job/key.txt") is None
    assert written.value.code == removed.value.code == "storage-outside"
    assert files_in(tmp_path / "secret") == {"key.txt": b"secret"}


async def test_a_symbolic_link_inside_a_job_goes_and_its_target_stays(
    tmp_path: Path, outputs: OutputStore
) -> None:
    await outputs.write("job/a", of(b"x"))
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "key.txt").write_text("secret")
    (tmp_path / "outputs" / "job" / "link").symlink_to(tmp_path / "secret")

    await outputs.remove("job")

    assert files_in(tmp_path / "secret") == {"key.txt": b"secret"}
    assert not (tmp_path / "outputs" / "job").exists()


async def test_a_store_whose_own_folder_is_a_link_works(tmp_path: Path) -> None:
    (tmp_path / "disk2").mkdir()
    (tmp_path / "outputs").symlink_to(tmp_path / "disk2")
    outputs = open_output_store(str(tmp_path / "outputs"))

    stored = await outputs.write("job/a", of(b"x"))

    assert stored.path == str(tmp_path / "disk2" / "job" / "a")


async def test_a_bucket_has_no_paths_and_works_the_same() -> None:
    outputs = ObjectOutputStore(Place(MemoryStore(), "memory://"))
    await outputs.write("job/b", of(b"x" * 3 * MIB))
    stored = await outputs.write("job/a", of(b"abc"))
    await outputs.write("job2/a", of(b"kept"))

    assert stored == StoredFile("job/a", 3, None)
    assert outputs.path("job/a") is None
    assert (await outputs.open("job/b")).size == 3 * MIB
    await outputs.remove("job")
    with pytest.raises(KeyError):
        await outputs.open("job/a")
    assert await whole((await outputs.open("job2/a")).chunks) == b"kept"


@contextmanager
def files_no_larger_than(size: int) -> Generator[None]:
    """Let the system refuse larger files to this process, as a full disk would."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("size", [MIB // 2, 3 * MIB])
async def test_a_full_disk_is_told_and_nothing_is_left(
    tmp_path: Path, outputs: OutputStore, size: int
) -> None:
    with files_no_larger_than(MIB // 4), pytest.raises(GatewayError) as caught:
        await outputs.write("job/film.mp4", of(b"x" * size))

    assert caught.value.code == "storage-full"
    assert str(tmp_path / "outputs") in caught.value.message
    assert "jobs.keep" in caught.value.mend
    assert files_in(tmp_path / "outputs") == {}


@pytest.mark.parametrize("opener", [open_output_store, open_input_store])
def test_a_file_in_the_place_of_the_folder_is_told(
    tmp_path: Path, opener: type[ObjectOutputStore]
) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(GatewayError) as caught:
        opener(str(tmp_path / "taken"))  # pyright: ignore[reportArgumentType]
    assert caught.value.code == "storage-failed"
    assert str(tmp_path / "taken") in caught.value.message


async def test_a_folder_in_the_place_of_a_file_is_told(
    tmp_path: Path, outputs: OutputStore
) -> None:
    (tmp_path / "outputs" / "job" / "a" / "b").mkdir(parents=True)
    with pytest.raises(GatewayError) as caught:
        await outputs.write("job/a", of(b"x"))
    assert caught.value.code == "storage-failed"


# --- inputs ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [b"", b"abc", b"x" * MIB, b"y" * (MIB + 1), os.urandom(5 * MIB)])
async def test_an_input_is_kept_by_its_hash(
    tmp_path: Path, inputs: InputStore, data: bytes
) -> None:
    digest = hashlib.sha256(data).hexdigest()

    kept = await inputs.keep(of(data[:1000], data[1000:]), len(data))

    opened = await inputs.open(digest)
    assert kept == KeptFile(digest, len(data))
    assert (opened.size, await whole(opened.chunks)) == (len(data), data)
    assert list(files_in(tmp_path / "inputs")) == [f"{digest[:2]}/{digest}"]


@pytest.mark.parametrize("data", [b"small", b"large" * MIB])
async def test_the_same_input_is_kept_once(tmp_path: Path, inputs: InputStore, data: bytes) -> None:
    first = await inputs.keep(of(data), len(data))
    place = tmp_path / "inputs" / first.digest[:2] / first.digest
    before = place.stat()

    assert await inputs.keep(of(data[:2], data[2:]), len(data)) == first

    assert list(files_in(tmp_path / "inputs")) == [f"{first.digest[:2]}/{first.digest}"]
    assert place.stat().st_ino == before.st_ino


async def test_the_same_input_at_the_same_time_is_kept_once(
    tmp_path: Path, inputs: InputStore
) -> None:
    data = b"z" * (2 * MIB)
    kept = await asyncio.gather(*(inputs.keep(of(data), len(data)) for _ in range(8)))
    assert len(set(kept)) == 1
    assert len(files_in(tmp_path / "inputs")) == 1


@pytest.mark.parametrize("limit", [0, 10, 2 * MIB])
async def test_an_input_over_the_limit_is_refused_while_it_comes(
    tmp_path: Path, inputs: InputStore, limit: int
) -> None:
    source = Source(*[b"x" * (MIB // 4)] * 1000)

    with pytest.raises(InputRefused) as caught:
        await inputs.keep(source.chunks(), limit)

    assert caught.value.code == "input-too-large"
    assert f"{limit:,} bytes" in caught.value.message
    assert source.closed
    assert source.taken <= limit // (MIB // 4) + 2
    assert files_in(tmp_path / "inputs") == {}


async def test_an_input_whose_source_breaks_leaves_nothing(
    tmp_path: Path, inputs: InputStore
) -> None:
    source = Source(b"x" * 3 * MIB, error=ConnectionError("gone"))
    with pytest.raises(ConnectionError):
        await inputs.keep(source.chunks(), 10 * MIB)
    assert files_in(tmp_path / "inputs") == {}


@pytest.mark.parametrize("digest", ["0" * 64, "../../etc/passwd", "", "A" * 64, "0" * 63 + "\n"])
async def test_an_input_that_is_not_there_is_a_key_error(inputs: InputStore, digest: str) -> None:
    with pytest.raises(KeyError):
        await inputs.open(digest)


async def test_an_input_can_be_let_go(tmp_path: Path, inputs: InputStore) -> None:
    kept = await inputs.keep(of(b"abc"), 3)
    await inputs.remove(kept.digest)
    await inputs.remove(kept.digest)
    await inputs.remove("../outside")
    assert files_in(tmp_path / "inputs") == {}
    with pytest.raises(KeyError):
        await inputs.open(kept.digest)


async def test_what_was_taken_in_long_ago_is_known_and_what_is_half_written_goes(
    tmp_path: Path, inputs: InputStore
) -> None:
    old = await inputs.keep(of(b"old"), 10)
    again = await inputs.keep(of(b"again"), 10)
    large = await inputs.keep(of(b"z" * (2 * MIB)), 2 * MIB)
    folder = tmp_path / "inputs"
    half = folder / old.digest[:2] / f"{old.digest}#1234000001"
    half.write_bytes(b"ol")
    for file in folder.rglob("*"):
        os.utime(file, (1, 1))
    await inputs.keep(of(b"again"), 10)
    await inputs.keep(of(b"z" * (2 * MIB)), 2 * MIB)
    young = await inputs.keep(of(b"young"), 10)

    assert await inputs.older_than(60) == [old.digest]

    kept = {each.digest for each in (old, again, large, young)}
    assert {each.name for each in folder.rglob("*") if each.is_file()} == kept
