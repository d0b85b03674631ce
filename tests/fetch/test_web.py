"""URLs: real servers on this machine, and everything that must never be connected to."""

from __future__ import annotations

import asyncio
import gzip
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx2 as httpx
import pytest
import trustme
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import InputRefused
from gateway.fetch.addresses import is_public
from gateway.fetch.guarded import Network, resolve_host
from gateway.fetch.references import GuardedReferences
from gateway.jobs.files import Reference
from gateway.services.settings import InputUrls

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 300
TLS = ssl.create_default_context()
LOCAL = InputUrls(allow_hosts=("127.0.0.1", "localhost"), max_size=200_000, timeout=4)

Respond = Callable[["Asked", asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True)
class Asked:
    """A request as a server got it; header names in lower case."""

    target: str
    headers: dict[str, str]


@dataclass
class Site:
    """A small web server, and what it was asked."""

    port: int
    asked: list[Asked] = field(default_factory=list[Asked])

    def url(self, path: str = "/cat.png", host: str = "127.0.0.1", scheme: str = "http") -> str:
        """Return the URL of something on it."""
        return f"{scheme}://{host}:{self.port}{path}"


@asynccontextmanager
async def serving(respond: Respond, tls: ssl.SSLContext | None = None) -> AsyncGenerator[Site]:
    """Serve on a free port of 127.0.0.1."""
    site = Site(0)

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            first, *lines = head.strip().split("\r\n")
            pairs = (line.partition(": ") for line in lines)
            asked = Asked(first.split()[1], {name.lower(): value for name, _, value in pairs})
            site.asked.append(asked)
            await respond(asked, writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # whoever asked went away, as some tests want
        finally:
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    site.port = server.sockets[0].getsockname()[1]
    try:
        yield site
    finally:
        server.close()


def answer(
    body: bytes = PNG, status: str = "200 OK", headers: dict[str, str] | None = None
) -> Respond:
    """Answer every request so."""
    lines = {"Content-Length": str(len(body)), "Connection": "close", **(headers or {})}

    async def respond(_asked: Asked, writer: asyncio.StreamWriter) -> None:
        told = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        writer.write(f"HTTP/1.1 {status}\r\n{told}\r\n".encode() + body)

    return respond


def redirect(*targets: str) -> Respond:
    """Redirect to each in turn, the last one for ever."""
    left = list(targets)

    async def respond(asked: Asked, writer: asyncio.StreamWriter) -> None:
        target = left.pop(0) if len(left) > 1 else left[0]
        await answer(b"", "302 Found", {"Location": target, "Set-Cookie": "a=b"})(asked, writer)

    return respond


def knowing(**hosts: Sequence[str]) -> Callable[[str, int], Awaitable[Sequence[str]]]:
    """Return a resolver that knows these hosts; `_` in a name stands for a dot."""

    async def resolve(host: str, _port: int) -> Sequence[str]:
        return hosts[host.replace(".", "_")]

    return resolve


async def picture() -> AsyncIterator[bytes]:
    """Yield a picture as it comes over the line."""
    yield PNG


class Recorder(httpx.AsyncBaseTransport):
    """Connects nowhere and remembers where it was to connect to."""

    def __init__(self) -> None:
        self.hosts: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer with a picture."""
        self.hosts.append(request.url.host)
        return httpx.Response(200, content=picture(), request=request)


async def fetched(url: str, limits: InputUrls = LOCAL, network: Network | None = None) -> bytes:
    reference = await GuardedReferences([], limits, network).open(url, local=False)
    return await whole(reference)


async def whole(reference: Reference) -> bytes:
    return b"".join([chunk async for chunk in reference.chunks])


async def refusal(
    url: str, limits: InputUrls = LOCAL, network: Network | None = None
) -> InputRefused:
    with pytest.raises(InputRefused) as caught:
        await fetched(url, limits, network)
    return caught.value


# --- files that arrive ----------------------------------------------------------------------------


async def test_a_picture_is_fetched_with_its_name_and_type() -> None:
    async with serving(answer(headers={"Content-Type": "application/octet-stream"})) as site:
        references = GuardedReferences([], LOCAL)
        opened = await references.open(site.url("/a/my%20cat.png?size=2#top"), local=False)
        assert (opened.filename, opened.mime_type) == ("my cat.png", "image/png")
        assert await whole(opened) == PNG
    assert site.asked[0].target == "/a/my%20cat.png?size=2"


async def test_nothing_of_ours_is_sent_along(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("GATEWAY_API_KEYS", "me:secret")
    async with serving(answer()) as site:
        await fetched(site.url(host="localhost"))
    assert site.asked[0].headers == {
        "host": f"localhost:{site.port}",
        "accept": "*/*",
        "accept-encoding": "identity",
        "connection": "keep-alive",
        "user-agent": "comfyui-gateway",
    }


@pytest.mark.parametrize(
    ("disposition", "path", "filename"),
    [
        ('attachment; filename="holiday.png"', "/download?id=7", "holiday.png"),
        ("attachment; filename*=UTF-8''caf%C3%A9.png", "/x", "café.png"),
        ('attachment; filename="../../etc/passwd"', "/x", "passwd.png"),
        ("", "/", "file.png"),
        ("", "/pictures/", "file.png"),
        ("", "/render.php", "render.php.png"),
        ("", "/photo.jpg", "photo.png"),
        ("", "/%2e%2e%2fsecret", "secret.png"),
    ],
)
async def test_a_file_gets_a_fitting_name(disposition: str, path: str, filename: str) -> None:
    headers = {"Content-Disposition": disposition} if disposition else {}
    async with serving(answer(headers=headers)) as site:
        opened = await GuardedReferences([], LOCAL).open(site.url(path), local=False)
        assert opened.filename == filename
        await whole(opened)


async def test_an_answer_of_unknown_length_is_read_to_its_end() -> None:
    async def respond(_asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for start in range(0, len(PNG), 9999):
            part = PNG[start : start + 9999]
            writer.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
        writer.write(b"0\r\n\r\n")

    async with serving(respond) as site:
        assert await fetched(site.url()) == PNG


async def test_the_second_address_is_tried_when_nothing_answers_at_the_first() -> None:
    network = Network(resolve=knowing(files_test=["127.0.0.2", "127.0.0.1"]))
    limits = InputUrls(allow_hosts=("files.test",))
    async with serving(answer()) as site:
        assert await fetched(site.url(host="files.test"), limits, network) == PNG


async def test_a_redirect_is_followed_without_cookies() -> None:
    async with serving(answer()) as second, serving(redirect(second.url("/there.png"))) as first:
        opened = await GuardedReferences([], LOCAL).open(first.url("/here"), local=False)
        assert opened.filename == "there.png"
        assert await whole(opened) == PNG
    assert "cookie" not in second.asked[0].headers


async def test_a_relative_redirect_stays_on_its_host() -> None:
    async def respond(asked: Asked, writer: asyncio.StreamWriter) -> None:
        go_on = answer() if asked.target == "/b.png" else redirect("b.png")
        await go_on(asked, writer)

    async with serving(respond) as site:
        assert await fetched(site.url("/a")) == PNG
    assert [asked.headers["host"] for asked in site.asked] == [f"127.0.0.1:{site.port}"] * 2


# --- TLS ------------------------------------------------------------------------------------------


def certified(name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return the contexts of a server with a certificate for a name, and of who trusts it."""
    authority = trustme.CA()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issued = authority.issue_cert(name)
    with issued.private_key_and_cert_chain_pem.tempfile() as path:
        server.load_cert_chain(path)
    client = ssl.create_default_context(cadata=authority.cert_pem.bytes().decode())
    return server, client


async def test_tls_checks_the_hosts_name_though_an_address_is_connected_to() -> None:
    server, trusted = certified("files.test")
    asked_names: list[str | None] = []
    server.sni_callback = lambda _socket, name, _context: asked_names.append(name)
    network = Network(knowing(files_test=["127.0.0.1"], other_test=["127.0.0.1"]), tls=trusted)
    limits = InputUrls(allow_hosts=("files.test", "other.test"))
    async with serving(answer(), server) as site:
        good = await fetched(site.url(host="files.test", scheme="https"), limits, network)
        bad = await refusal(site.url(host="other.test", scheme="https"), limits, network)
    assert good == PNG
    assert bad.code == "input-url-failed"
    assert "certificate" in bad.message
    assert asked_names == ["files.test", "other.test"]


async def test_a_certificate_nobody_trusts_is_refused() -> None:
    server, _ = certified("localhost")
    async with serving(answer(), server) as site:
        refused = await refusal(site.url(host="localhost", scheme="https"))
    assert "certificate" in refused.message


# --- what must never be connected to --------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "localhost.",
        "LOCALHOST",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[fe80::1%25eth0]",
        "169.254.169.254",
        "10.0.0.1",
        "192.168.0.1",
        "172.16.0.1",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104
        "224.0.0.1",
        "255.255.255.255",
    ],
)
async def test_no_address_of_this_machine_or_network_is_asked(host: str) -> None:
    recorder = Recorder()
    network = Network(transport=lambda _tls: recorder)
    refused = await refusal(f"http://{host}/latest/meta-data", InputUrls(), network)
    assert refused.code in {"input-url-forbidden", "input-url-failed"}
    assert recorder.hosts == []


async def test_a_refusal_does_not_tell_the_address() -> None:
    network = Network(resolve=knowing(intranet_test=["10.20.30.40"]))
    refused = await refusal("http://intranet.test/x.png", InputUrls(), network)
    assert refused.code == "input-url-forbidden"
    assert "10.20.30.40" not in refused.message
    assert "allow_hosts" in refused.message


async def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    recorder = Recorder()
    network = Network(knowing(mixed_test=["1.1.1.1", "10.0.0.1"]), lambda _tls: recorder)
    assert (await refusal("http://mixed.test/", InputUrls(), network)).code == "input-url-forbidden"
    assert recorder.hosts == []


async def test_the_address_that_was_looked_at_is_the_one_connected_to() -> None:
    answers = [["93.184.215.14"], ["127.0.0.1"], ["127.0.0.1"]]

    async def resolve(_host: str, _port: int) -> Sequence[str]:
        return answers.pop(0)

    recorder = Recorder()
    network = Network(resolve, lambda _tls: recorder)
    assert await fetched("http://rebinding.test/a.png", InputUrls(), network) == PNG
    assert recorder.hosts == ["93.184.215.14"]
    assert len(answers) == 2


async def test_a_rebinding_name_is_looked_at_again_after_a_redirect_to_itself() -> None:
    answers = [["127.0.0.1"], ["10.0.0.1"]]

    async def resolve(host: str, _port: int) -> Sequence[str]:
        return ["127.0.0.1"] if host == "localhost" else answers.pop(0)

    async with serving(redirect("/again")) as site:
        url = site.url("/first", host="rebinding.test")
        refused = await refusal(url, InputUrls(), Network(resolve))
        assert refused.code == "input-url-forbidden"
    assert site.asked == []


ADDRESSES = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)).map(str)


@settings(max_examples=300)
@given(
    addresses=st.lists(ADDRESSES | st.sampled_from(["127.0.0.1", "::1", "10.1.2.3"]), max_size=4),
    scheme=st.sampled_from(["http", "https"]),
    port=st.integers(0, 70_000),
    path=st.text(max_size=20),
)
async def test_no_host_with_an_address_that_is_not_public_is_ever_connected_to(
    addresses: list[str], scheme: str, port: int, path: str
) -> None:
    recorder = Recorder()

    async def resolve(_host: str, _port: int) -> Sequence[str]:
        return addresses

    network = Network(resolve, lambda _tls: recorder, tls=TLS)
    try:
        await fetched(f"{scheme}://somewhere.test:{port}/{path}", InputUrls(), network)
    except InputRefused:
        assert recorder.hosts == []
    else:
        assert recorder.hosts == [addresses[0]]
        assert all(is_public(address) for address in addresses)


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.2/secret",
        "http://169.254.169.254/latest/meta-data",
        "http://[::1]/secret",
        "http://2130706434/secret",
        "//10.0.0.1/secret",
        "file:///etc/passwd",
        "gopher://127.0.0.1:6379/_FLUSHALL",
        "http://user:pass@127.0.0.1/",
        "http://127.0.0.1:99999/",
    ],
)
async def test_every_redirect_is_guarded_as_the_first_request(target: str) -> None:
    async with serving(redirect(target)) as site:
        refused = await refusal(site.url())
    assert refused.code == "input-url-forbidden"
    assert len(site.asked) == 1


@pytest.mark.parametrize("target", ["http://[nonsense", "http://a:port/", "http://ⓛocalhost/", ""])
async def test_a_redirect_to_nonsense_is_told(target: str) -> None:
    async with serving(redirect(target)) as site:
        refused = await refusal(site.url())
    assert refused.code in {"input-url-failed", "input-url-forbidden"}


async def test_a_public_host_may_not_redirect_inwards() -> None:
    class Redirecting(Recorder):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            """Redirect to this machine."""
            await super().handle_async_request(request)
            return httpx.Response(
                302, headers={"location": "http://127.0.0.1/admin"}, request=request
            )

    recorder = Redirecting()
    network = Network(knowing(public_test=["1.1.1.1"]), lambda _tls: recorder)
    refused = await refusal("http://public.test/", InputUrls(), network)
    assert refused.code == "input-url-forbidden"
    assert recorder.hosts == ["1.1.1.1"]


@pytest.mark.parametrize(("redirects", "good"), [(5, True), (6, False)])
async def test_five_redirects_are_followed_and_no_more(redirects: int, good: bool) -> None:
    async def respond(asked: Asked, writer: asyncio.StreamWriter) -> None:
        done = int(asked.target.strip("/") or 0)
        go_on = answer() if done == redirects else redirect(f"/{done + 1}")
        await go_on(asked, writer)

    async with serving(respond) as site:
        if good:
            assert await fetched(site.url("/")) == PNG
        else:
            assert "more than 5 times" in (await refusal(site.url("/"))).message
    assert len(site.asked) == 6


async def test_with_allowed_hosts_every_other_host_is_refused() -> None:
    recorder = Recorder()
    network = Network(knowing(public_test=["1.1.1.1"]), lambda _tls: recorder)
    refused = await refusal("http://public.test/a.png", LOCAL, network)
    assert refused.code == "input-url-forbidden"
    assert "127.0.0.1, localhost" in refused.message
    assert recorder.hosts == []


@pytest.mark.parametrize("host", ["Files.Test", "files.test.", "FILES.TEST"])
async def test_an_allowed_host_is_known_in_every_spelling(host: str) -> None:
    recorder = Recorder()
    network = Network(
        knowing(files_test=["10.0.0.1"], files_test_=["10.0.0.1"]), lambda _tls: recorder
    )
    assert await fetched(f"http://{host}/a", InputUrls(allow_hosts=("files.TEST",)), network) == PNG
    assert recorder.hosts == ["10.0.0.1"]


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://me:secret@public.test/x", "credentials"),
        ("http://me@public.test/x", "credentials"),
        ("http://public.test:22/x", "port 22"),
        ("http://public.test:25/x", "port 25"),
        ("http://public.test:0/x", "no host and port"),
        ("http://public.test:70000/x", "no host and port"),
        ("http:///x", "no host and port"),
        ("http://ⓛocalhost/", "no URL"),
        ("http://[::1/", "no URL"),
        ("http://public.test:port/", "no URL"),
    ],
)
async def test_an_odd_url_is_refused_with_the_reason(url: str, why: str) -> None:
    recorder = Recorder()
    network = Network(knowing(public_test=["1.1.1.1"]), lambda _tls: recorder)
    refused = await refusal(url, InputUrls(), network)
    assert refused.code == "input-url-forbidden"
    assert why in refused.message
    assert "secret" not in refused.message
    assert recorder.hosts == []


# --- answers that are no file ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("respond", "why"),
    [
        (answer(b"gone", "404 Not Found"), "answered 404"),
        (answer(b"", "304 Not Modified"), "answered 304"),
        (
            answer(b"<!doctype html><title>Log in", headers={"Content-Type": "text/html"}),
            "web page",
        ),
        (answer(b"<html>", headers={"Content-Type": "image/png"}), "web page"),
        (answer(b"Please log in", headers={"Content-Type": "text/html; charset=x"}), "web page"),
        (answer(b""), "no data"),
        (
            answer(gzip.compress(b"0" * 9_000_000), headers={"Content-Encoding": "gzip"}),
            "compressed",
        ),
    ],
)
async def test_what_is_no_file_is_told(respond: Respond, why: str) -> None:
    async with serving(respond) as site:
        refused = await refusal(site.url())
    assert refused.code == "input-url-failed"
    assert why in refused.message


async def test_a_picture_that_is_called_a_page_is_taken() -> None:
    async with serving(answer(headers={"Content-Type": "text/html"})) as site:
        assert await fetched(site.url()) == PNG


async def test_a_host_nobody_knows_is_told() -> None:
    refused = await refusal("http://nowhere.invalid/x.png", InputUrls())
    assert refused.code == "input-url-failed"
    assert "nowhere.invalid is not known" in refused.message


async def test_a_host_without_addresses_is_told() -> None:
    network = Network(resolve=knowing(empty_test=[]))
    refused = await refusal("http://empty.test/x.png", InputUrls(), network)
    assert "empty.test is not known" in refused.message


async def test_a_server_that_is_not_there_is_told() -> None:
    async with serving(answer()) as site:
        url = site.url()
    refused = await refusal(url)
    assert refused.code == "input-url-failed"
    assert "nothing answers there" in refused.message


@pytest.mark.parametrize(
    "said", [b"", b"220 mail.test ESMTP\r\n", b"HTTP/1.1 200 OK\r\nContent-Le"]
)
async def test_a_server_that_speaks_no_http_is_told(said: bytes) -> None:
    async def respond(_asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(said)

    async with serving(respond) as site:
        assert (await refusal(site.url())).code == "input-url-failed"


async def test_a_line_that_breaks_after_the_beginning_is_told() -> None:
    async def respond(_asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 190000\r\n\r\n" + PNG)
        await writer.drain()

    async with serving(respond) as site:
        opened = await GuardedReferences([], LOCAL).open(site.url(), local=False)
        with pytest.raises(InputRefused) as caught:
            await whole(opened)
    assert caught.value.code == "input-url-failed"


async def test_an_answer_cut_off_is_no_whole_file() -> None:
    lying = answer(headers={"Content-Length": str(len(PNG) + 1000)})
    async with serving(lying) as site:
        refused = await refusal(site.url())
    assert refused.code == "input-url-failed"


# --- limits ---------------------------------------------------------------------------------------


async def test_a_file_that_says_it_is_too_large_is_not_read() -> None:
    limits = InputUrls(allow_hosts=("127.0.0.1",), max_size=1000)
    async with serving(answer()) as site:
        refused = await refusal(site.url(), limits)
    assert refused.code == "input-too-large"


async def test_a_file_that_never_ends_is_cut_at_the_limit() -> None:
    sent = 0

    async def respond(_asked: Asked, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n" + PNG)
        while True:
            writer.write(b"0" * 65536)
            sent += 65536
            await writer.drain()

    async with serving(respond) as site:
        refused = await refusal(site.url())
    assert refused.code == "input-too-large"
    assert "200,000 bytes" in refused.message
    assert sent < 50_000_000


def dripping(pause: float, first: bytes = b"HTTP/1.1 200 OK\r\n\r\n" + PNG) -> Respond:
    """Send some, then a byte now and then for ever."""

    async def respond(_asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(first)
        while True:
            writer.write(b"0")
            await writer.drain()
            await asyncio.sleep(pause)

    return respond


@pytest.mark.parametrize(
    "first",
    [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n" + PNG],
)
async def test_the_time_limit_covers_the_whole_transfer(first: bytes) -> None:
    limits = InputUrls(allow_hosts=("127.0.0.1",), timeout=0.3)
    async with serving(dripping(0.05, first)) as site:
        started = asyncio.get_running_loop().time()
        refused = await refusal(site.url(), limits)
        took = asyncio.get_running_loop().time() - started
    assert refused.code == "input-timed-out"
    assert "0.3 s" in refused.message
    assert took < 2


async def test_a_name_server_that_never_answers_is_timed_out() -> None:
    async def resolve(_host: str, _port: int) -> Sequence[str]:
        await asyncio.Event().wait()
        return []

    refused = await refusal("http://slow.test/", InputUrls(timeout=0.1), Network(resolve))
    assert refused.code == "input-timed-out"


async def test_a_chain_of_slow_redirects_shares_one_time_limit() -> None:
    async def respond(asked: Asked, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.2)
        await redirect("/on")(asked, writer)

    limits = InputUrls(allow_hosts=("127.0.0.1",), timeout=0.5)
    async with serving(respond) as site:
        assert (await refusal(site.url(), limits)).code == "input-timed-out"
    assert len(site.asked) <= 3


async def test_letting_go_of_a_file_half_read_closes_its_connection() -> None:
    gone = asyncio.Event()

    async def respond(_asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n" + PNG)
        try:
            while True:
                writer.write(b"0" * 65536)
                await writer.drain()
        except ConnectionError:
            gone.set()

    async with serving(respond) as site:
        opened = await GuardedReferences([], LOCAL).open(site.url(), local=False)
        assert await anext(opened.chunks)
        close: Callable[[], Awaitable[None]] = getattr(opened.chunks, "aclose")  # noqa: B009
        await close()
        await asyncio.wait_for(gone.wait(), 4)


async def test_the_system_resolves_this_machines_name() -> None:
    assert set(await resolve_host("localhost", 80)) <= {"127.0.0.1", "::1"}
