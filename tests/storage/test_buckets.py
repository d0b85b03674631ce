"""The stores of files in a bucket of a real S3 server, and what both kinds of stores promise alike."""

from __future__ import annotations

import asyncio
import os
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import obstore
import psutil
import pytest

from gateway.errors import GatewayError, InputRefused
from gateway.jobs.files import InputStore, OutputStore
from gateway.services.bucket import Bucket
from gateway.storage.bucket_outputs import BucketOutputStore, open_bucket_output_store
from gateway.storage.open_buckets import OpenBuckets
from gateway.storage.opening import open_inputs, open_outputs
from tests.storage.conftest import ACCESS_KEY, SECRET_KEY, Door, keys_in, store_of

pytestmark = [pytest.mark.servers, pytest.mark.timeout(90)]

MIB = 1024 * 1024
JOB = "7d444840-9dc0-11d1-b245-5ffdce74fad2"
MADE = 1_795_255_200.0  # 2026-11-21, 10:00 UTC
HOME = f"2026/11/21/{JOB}"


async def of(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def whole(chunks: AsyncIterator[bytes]) -> bytes:
    return b"".join([bytes(chunk) async for chunk in chunks])


def files_in(folder: Path) -> list[str]:
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    )


def fetched(url: str) -> tuple[bytes, str, str]:
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 (of a server of the tests' own)
        headers = answer.headers
        return answer.read(), headers["content-type"], headers["content-disposition"]


# --- what every store promises --------------------------------------------------------------------


@pytest.fixture(params=["folder", "bucket"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> str | Bucket:
    if request.param == "folder":
        return str(tmp_path / "home")
    bucket: Bucket = request.getfixturevalue("bucket")
    return bucket


@pytest.fixture
def outputs(home: str | Bucket, tmp_path: Path) -> OutputStore:
    return open_outputs(home, str(tmp_path / "waiting"))


@pytest.fixture
def inputs(home: str | Bucket) -> InputStore:
    return open_inputs(home)


@pytest.mark.parametrize("size", [0, 11, MIB, MIB + 1, 12 * MIB])
async def test_a_published_file_is_read_back(outputs: OutputStore, size: int) -> None:
    key = f"{outputs.home(JOB, MADE)}/a b (1).png"
    data = bytes(range(256)) * (size // 256 + 1)
    parts = [data[start : min(start + 700_000, size)] for start in range(0, size, 700_000)]

    stored = await outputs.write(key, of(*parts))
    assert await outputs.publish(stored.key) == ""

    opened = await outputs.open(key)
    assert (stored.size, opened.size) == (size, size)
    assert await whole(opened.chunks) == data[:size]


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (10, 20, bytes(range(10, 20))),
        (90, None, bytes(range(90, 100))),
        (90, 500, bytes(range(90, 100))),
        (100, None, b""),
        (20, 10, b""),
    ],
)
async def test_a_part_of_a_file_is_read(
    outputs: OutputStore, start: int, end: int | None, expected: bytes
) -> None:
    key = f"{outputs.home(JOB, MADE)}/x"
    await outputs.write(key, of(bytes(range(100))))
    await outputs.publish(key)
    opened = await outputs.open(key, start, end)
    assert (opened.size, await whole(opened.chunks)) == (100, expected)


async def test_a_jobs_files_are_removed_and_no_others(outputs: OutputStore) -> None:
    mine, other = outputs.home("job1", MADE), outputs.home("job10", MADE)
    for key in (f"{mine}/a", f"{mine}/b", f"{other}/c"):
        await outputs.write(key, of(b"x"))
        await outputs.publish(key)
    await outputs.write(f"{mine}/unpublished", of(b"x"))

    await outputs.remove(mine)
    await outputs.remove(outputs.home("never-there", MADE))

    for key in ("a", "b", "unpublished"):
        with pytest.raises(KeyError):
            await outputs.open(f"{mine}/{key}")
    assert await whole((await outputs.open(f"{other}/c")).chunks) == b"x"


@pytest.mark.parametrize("prefix", ["", "/"])
async def test_everything_is_never_removed_at_once(outputs: OutputStore, prefix: str) -> None:
    key = f"{outputs.home(JOB, MADE)}/a"
    await outputs.write(key, of(b"x"))
    await outputs.publish(key)
    with pytest.raises(GatewayError):
        await outputs.remove(prefix)
    assert await whole((await outputs.open(key)).chunks) == b"x"


async def test_a_file_is_lent_as_a_path(outputs: OutputStore) -> None:
    key = f"{outputs.home(JOB, MADE)}/a"
    await outputs.write(key, of(b"bytes"))
    await outputs.publish(key)
    async with outputs.lend(key) as path:
        assert path is not None
        assert await asyncio.to_thread(Path(path).read_bytes) == b"bytes"


@pytest.mark.parametrize("size", [3, 3 * MIB])
async def test_an_input_is_kept_once_under_its_hash(inputs: InputStore, size: int) -> None:
    kept = [await inputs.keep(of(b"z" * size), 10 * MIB) for _ in range(2)]
    assert kept[0] == kept[1]
    assert await whole((await inputs.open(kept[0].digest)).chunks) == b"z" * size
    await inputs.remove(kept[0].digest)
    with pytest.raises(KeyError):
        await inputs.open(kept[0].digest)


@pytest.mark.parametrize("size", [3 * MIB, 8 * MIB])
async def test_an_input_that_is_too_large_leaves_nothing(
    home: str | Bucket, inputs: InputStore, size: int
) -> None:
    with pytest.raises(InputRefused):
        await inputs.keep(of(*[b"z" * MIB] * (size // MIB)), size - 1)
    left = keys_in(home) if isinstance(home, Bucket) else files_in(Path(home))
    assert left == []


# --- buckets alone --------------------------------------------------------------------------------


@pytest.fixture
def waiting(tmp_path: Path) -> Path:
    return tmp_path / "waiting"


OpenStore = Callable[[Bucket], BucketOutputStore]


@pytest.fixture
def opener(waiting: Path) -> OpenStore:
    return lambda bucket: open_bucket_output_store(bucket, str(waiting))


async def test_keys_begin_with_the_day_and_the_job_and_nothing_stays_behind(
    bucket: Bucket, opener: OpenStore, waiting: Path
) -> None:
    store = opener(bucket)
    await store.write(f"{HOME}/fox.png", of(b"fox"))
    assert keys_in(bucket) == []
    assert store.path(f"{HOME}/fox.png") == str(waiting / HOME / "fox.png")

    await store.publish(f"{HOME}/fox.png")

    assert store.home(JOB, MADE) == HOME
    assert keys_in(bucket) == [f"{HOME}/fox.png"]
    assert files_in(waiting) == []
    assert store.path(f"{HOME}/fox.png") is None


@pytest.mark.parametrize(
    "name", ["../../../escaped.png", "..", "a\0b", "a?b#c%2e.png", "ü日本.png", "x" * 300, "con"]
)
async def test_a_hostile_name_stays_under_its_prefix(
    bucket: Bucket, opener: OpenStore, waiting: Path, name: str
) -> None:
    store = opener(bucket)
    stored = await store.write(f"{HOME}/{name}", of(b"x"))
    assert files_in(waiting) == [stored.key]
    await store.publish(f"{HOME}/{name}")

    everything = keys_in(Bucket(f"s3://{bucket.name}", endpoint=bucket.endpoint))
    assert everything == [f"a/prefix/{stored.key}"]
    assert stored.key.startswith(f"{HOME}/")
    link = await store.link(stored.key)
    assert link is not None
    assert fetched(link)[0] == b"x"


@pytest.mark.parametrize(
    ("name", "mime", "disposition"),
    [
        ("fox.png", "image/png", "inline"),
        ("page.html", "text/html", "attachment"),
        ("drawing.svg", "image/svg+xml", "attachment"),
        ("unknown", "application/octet-stream", "attachment"),
    ],
)
async def test_a_signed_link_is_read_by_anybody(
    bucket: Bucket, opener: OpenStore, name: str, mime: str, disposition: str
) -> None:
    store = opener(bucket)
    await store.write(f"{HOME}/{name}", of(b"some bytes"))
    await store.publish(f"{HOME}/{name}")
    link = await store.link(f"{HOME}/{name}")
    assert link is not None
    assert SECRET_KEY not in link
    assert "X-Amz-Expires=3600" in link
    assert fetched(link) == (b"some bytes", mime, disposition)


async def test_a_signed_link_ends(bucket: Bucket, opener: OpenStore) -> None:
    store = opener(replace(bucket, links=1.0))
    await store.write(f"{HOME}/a", of(b"x"))
    await store.publish(f"{HOME}/a")
    link = await store.link(f"{HOME}/a")
    assert link is not None

    def ended() -> bool:
        try:
            fetched(link)
        except urllib.error.HTTPError as error:
            with error:
                return error.code in {400, 403}
        return False

    until = time.monotonic() + 30
    while not ended():
        assert time.monotonic() < until
        await asyncio.sleep(0.2)
    fresh = await store.link(f"{HOME}/a")
    assert fresh is not None
    assert fetched(fresh)[0] == b"x"


async def test_a_public_url_stands_for_the_buckets(bucket: Bucket, opener: OpenStore) -> None:
    store = opener(replace(bucket, public_url="https://cdn.example.com/x"))
    assert await store.link(f"{HOME}/ü b.png") == (
        f"https://cdn.example.com/x/{HOME}/%C3%BC%20b.png"
    )


async def test_what_waits_here_has_no_link(bucket: Bucket, opener: OpenStore) -> None:
    store = opener(bucket)
    await store.write(f"{HOME}/a", of(b"x"))
    assert await store.link(f"{HOME}/a") is None
    assert await store.link(f"{HOME}/never-there", doubtful=True) is None


# --- a bucket that is away, or refuses ------------------------------------------------------------


def behind(bucket: Bucket, door: Door) -> Bucket:
    return replace(bucket, endpoint=f"http://127.0.0.1:{door.port}")


@pytest.mark.parametrize("size", [5, 7 * MIB])
async def test_a_file_waits_for_a_bucket_that_is_away(
    bucket: Bucket, door: Door, opener: OpenStore, waiting: Path, size: int
) -> None:
    store = opener(behind(bucket, door))
    await door.shut()
    await store.write(f"{HOME}/a.png", of(b"x" * size))

    why = await store.publish(f"{HOME}/a.png")

    assert why == f"The bucket {bucket.url} is out of reach: nothing listens there."
    assert files_in(waiting) == [f"{HOME}/a.png"]
    assert store.path(f"{HOME}/a.png") is not None
    assert await store.link(f"{HOME}/a.png", doubtful=True) is None
    assert len(await whole((await store.open(f"{HOME}/a.png")).chunks)) == size

    await store.catch_up(settled=0)
    assert files_in(waiting) == [f"{HOME}/a.png"]
    await door.open()
    await store.catch_up(settled=0)

    assert files_in(waiting) == []
    assert keys_in(bucket) == [f"{HOME}/a.png"]
    link = await store.link(f"{HOME}/a.png", doubtful=True)
    assert link is not None
    assert len((await asyncio.to_thread(fetched, link))[0]) == size


async def test_many_files_do_not_wait_one_by_one(
    bucket: Bucket, door: Door, opener: OpenStore
) -> None:
    store = opener(behind(bucket, door))
    await door.shut()
    keys = [f"{HOME}/{number}.png" for number in range(3)]
    for key in keys:
        await store.write(key, of(b"x"))
    first = await store.publish(keys[0])
    await door.open()  # were it tried, it would work
    assert [await store.publish(key) for key in keys[1:]] == [first, first]
    await store.catch_up(settled=0)
    assert keys_in(bucket) == keys


async def test_a_file_that_somebody_is_about_to_bring_is_left_alone(
    bucket: Bucket, opener: OpenStore, waiting: Path
) -> None:
    store = opener(bucket)
    await store.write(f"{HOME}/a.png", of(b"x"))
    (waiting / HOME / "half.png#1").write_bytes(b"half")
    (waiting / "an-old-job").mkdir()
    (waiting / "an-old-job" / "local.png").write_bytes(b"of a time without a bucket")

    await store.catch_up()
    assert keys_in(bucket) == []
    os.utime(waiting / HOME / "a.png", (time.time() - 100, time.time() - 100))
    await store.catch_up()

    assert keys_in(bucket) == [f"{HOME}/a.png"]
    assert files_in(waiting) == [f"{HOME}/half.png#1", "an-old-job/local.png"]
    assert await whole((await store.open("an-old-job/local.png")).chunks)


async def test_what_an_earlier_gateway_left_is_brought_by_two_at_once(
    bucket: Bucket, opener: OpenStore, waiting: Path
) -> None:
    one, other = opener(bucket), opener(bucket)
    for number in range(8):
        await one.write(f"{HOME}/{number}", of(b"%d" % number))
    await asyncio.gather(
        one.catch_up(settled=0), other.catch_up(settled=0), one.publish(f"{HOME}/3")
    )
    assert keys_in(bucket) == [f"{HOME}/{number}" for number in range(8)]
    assert files_in(waiting) == []


async def test_wrong_keys_are_told_without_any_key(
    bucket: Bucket, opener: OpenStore, waiting: Path
) -> None:
    wrong = replace(bucket, secret_key=SECRET_KEY.upper())
    store = opener(wrong)
    await store.write(f"{HOME}/a", of(b"x"))
    why = await store.publish(f"{HOME}/a")
    assert why == f"The bucket {bucket.url} refuses: status 403, SignatureDoesNotMatch."
    assert files_in(waiting) == [f"{HOME}/a"]

    with pytest.raises(GatewayError) as caught:
        await open_inputs(wrong).keep(of(b"x"), 10)
    told = repr(caught.value) + str(caught.value) + str(vars(caught.value)) + repr(wrong)
    assert caught.value.code == "storage-refused"
    assert SECRET_KEY.upper() not in told
    assert ACCESS_KEY not in told


async def test_a_bucket_that_lacks_its_account_is_told_at_once(opener: OpenStore) -> None:
    for bucket in (Bucket("az://box"), Bucket("az://box", access_key="a", secret_key="!")):  # noqa: S106
        with pytest.raises(GatewayError, match="account or key is missing") as caught:
            opener(bucket)
        assert caught.value.code == "storage-refused"


async def test_files_wait_for_a_bucket_of_azure_too(
    door: Door, opener: OpenStore, waiting: Path
) -> None:
    await door.shut()
    endpoint = f"http://127.0.0.1:{door.port}"
    store = opener(Bucket("az://box/a", endpoint, access_key="a", secret_key="bm90aGluZw=="))  # noqa: S106
    await store.write(f"{HOME}/a", of(b"x"))
    why = await store.publish(f"{HOME}/a")
    assert why == "The bucket az://box/a is out of reach: nothing listens there."
    assert files_in(waiting) == [f"{HOME}/a"]


async def test_a_bucket_that_is_not_there_is_told(bucket: Bucket, opener: OpenStore) -> None:
    gone = replace(bucket, url="s3://no-such-bucket/x")
    store = opener(gone)
    await store.write(f"{HOME}/a", of(b"x"))
    why = await store.publish(f"{HOME}/a")
    assert why == "The bucket s3://no-such-bucket/x refuses: status 404, NoSuchBucket."


async def test_removal_tells_when_the_bucket_is_away(
    bucket: Bucket, door: Door, opener: OpenStore
) -> None:
    store = opener(behind(bucket, door))
    await store.write(f"{HOME}/a", of(b"x"))
    await store.publish(f"{HOME}/a")
    await door.shut()
    with pytest.raises(GatewayError) as caught:
        await store.remove(HOME)
    assert caught.value.code == "storage-away"
    await door.open()
    await store.remove(HOME)
    assert keys_in(bucket) == []


async def test_a_bucket_whose_name_is_in_the_host(bucket: Bucket, opener: OpenStore) -> None:
    store = opener(
        replace(bucket, path_style=False, endpoint="https://storage.example.com", links=60)
    )
    link = await store.link("a/b.png")
    assert link is not None
    assert link.startswith(f"https://{bucket.name}.storage.example.com/a/prefix/a/b.png?")


async def test_http_is_never_spoken_unless_it_is_written(
    bucket: Bucket, opener: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", bucket.endpoint)
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    store = opener(replace(bucket, endpoint=""))
    await store.write(f"{HOME}/a", of(b"x"))
    why = await store.publish(f"{HOME}/a")
    assert why.endswith("its address is http://, which only `endpoint` in services.yaml may say.")


async def test_a_large_file_takes_little_memory(bucket: Bucket, opener: OpenStore) -> None:
    """256 MiB here, which takes seconds; what is in memory does not depend on how many there are."""
    store = opener(bucket)
    process = psutil.Process()
    key, size = f"{HOME}/film.mp4", 256 * MIB
    part = os.urandom(MIB)

    async def film() -> AsyncIterator[bytes]:
        for _ in range(size // MIB):
            yield part

    before = most = process.memory_info().rss
    going = asyncio.create_task(store.write(key, film()))
    for work in (going, None):
        task = work or asyncio.create_task(store.publish(key))
        while not task.done():
            most = max(most, process.memory_info().rss)
            await asyncio.sleep(0.01)
        await task
    assert keys_in(bucket) == [key]
    assert most - before < 50 * MIB


# --- buckets that callers may name files in -------------------------------------------------------


@pytest.mark.parametrize(
    "after",
    ["/../secret", "/in/../../secret", "/./x", "//x", "-other/x", "", "/", "/a\nb", "/no/such"],
)
async def test_nothing_outside_of_an_open_prefix_is_read(bucket: Bucket, after: str) -> None:
    whole_bucket = store_of(Bucket(f"s3://{bucket.name}", endpoint=bucket.endpoint))
    for key in ("a/secret", "a/prefix-other/x", "secret", "a/prefix/in/x"):
        await obstore.put_async(whole_bucket, key, b"x")
    try:
        opened = await OpenBuckets([bucket]).open(f"{bucket.url}{after}")
    except KeyError:
        opened = None
    assert opened is None


async def test_a_file_under_an_open_prefix_is_read(bucket: Bucket) -> None:
    await obstore.put_async(store_of(bucket), "in/a b%20ü.png", b"bytes")
    opened = await OpenBuckets([bucket]).open(f"{bucket.url}/in/a b%20ü.png")
    assert opened is not None
    assert (opened.size, await whole(opened.chunks)) == (5, b"bytes")
    assert await OpenBuckets([bucket]).open("s3://another/in/a.png") is None
    assert await OpenBuckets([]).open(f"{bucket.url}/in/a b%20ü.png") is None
