"""HTTP with a ComfyUI that is down, slow, odd, behind TLS, behind a path, or leads elsewhere."""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
import zlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trustme

from gateway.comfy.http import Http
from gateway.errors import BackendError, BackendRefused, BackendUnreachable
from gateway.services.model import BackendDeclaration
from gateway.simulator.faults import AnswerWith, Drip, Hang, LoseAnswer, Refuse
from gateway.simulator.server import Simulator
from gateway.simulator.settings import Tls
from tests.comfy.canned import answer, canned


def unused_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


async def failure(declaration: BackendDeclaration, path: str = "/queue") -> BackendError:
    """Return what a question ends with."""
    http = Http(declaration)
    try:
        with pytest.raises(BackendError) as caught:
            await http.ask(path)
    finally:
        await http.close()
    return caught.value


async def test_who_is_down_is_told_at_once_and_by_address() -> None:
    url = f"http://127.0.0.1:{unused_port()}"
    error = await failure(BackendDeclaration("studio", url))
    assert isinstance(error, BackendUnreachable)
    assert error.message == f"Backend studio: nothing listens at {url}."
    assert "Start ComfyUI" in error.mend


async def test_a_host_nobody_knows_is_told() -> None:
    error = await failure(BackendDeclaration("studio", "http://gpu.invalid:8188"))
    assert error.code == "backend-host-unknown"


async def test_who_takes_the_question_and_says_nothing_is_told_after_the_timeout() -> None:
    async with canned(None) as server:
        error = await failure(server.declared(timeout=0.1))
        assert error.message == "Backend studio did not answer in 0.1 s."
        assert len(server.heads) == 1, "a question that timed out is not asked again"


async def test_an_answer_that_drips_for_ever_ends_with_the_timeout() -> None:
    async with Simulator() as simulator:
        simulator.order(Drip("/object_info", seconds=0.05, size=16))
        declaration = BackendDeclaration("studio", simulator.url, timeout=0.3)
        assert (await failure(declaration, "/object_info")).code == "backend-timed-out"


async def test_a_broken_line_is_told_and_the_question_is_asked_thrice() -> None:
    async with canned(b"") as server:
        error = await failure(server.declared())
        assert error.code == "backend-connection-lost"
        assert len(server.heads) == 3


async def test_a_body_cut_short_is_no_answer() -> None:
    cut = answer("200 OK", b'{"a": 1', **{"content-length": "999"})
    async with canned(cut) as server:
        assert (await failure(server.declared())).code == "backend-connection-lost"


@pytest.mark.timeout(60)  # a quarter of a gigabyte is unpacked
async def test_an_answer_that_is_larger_than_any_of_comfyui_s_is_given_up() -> None:
    packer, zeros = zlib.compressobj(wbits=31), bytes(1 << 20)
    bomb = b"".join(packer.compress(zeros) for _ in range(257)) + packer.flush()
    packed = answer("200 OK", bomb, **{"content-encoding": "gzip"})
    async with canned(packed) as server:
        error = await failure(server.declared(timeout=60.0))
    assert error.code == "backend-answered-oddly"
    assert "larger than 256 MiB" in error.message


async def test_a_body_that_does_not_unpack_is_no_answer() -> None:
    packed = answer("200 OK", b"no gzip at all", **{"content-encoding": "gzip"})
    async with canned(packed) as server:
        assert (await failure(server.declared())).code == "backend-connection-lost"


async def test_what_does_not_speak_http_is_no_answer() -> None:
    async with canned(b"SSH-2.0-OpenSSH_9.6\r\n") as server:
        assert (await failure(server.declared())).code == "backend-connection-lost"


async def test_a_proxys_502_is_asked_again_and_a_500_is_not() -> None:
    async with Simulator() as simulator:
        http = Http(BackendDeclaration("studio", simulator.url))
        simulator.order(AnswerWith("/queue", status=502, times=2))
        assert (await http.ask("/queue")).status == 200
        simulator.order(AnswerWith("/queue", status=503, times=3))
        assert (await http.ask("/queue")).status == 503
        simulator.order(AnswerWith("/queue", status=500, times=1))
        assert (await http.ask("/queue")).status == 500
        await http.close()


async def test_a_backend_that_comes_back_in_time_is_not_noticed() -> None:
    async with Simulator() as simulator:
        http = Http(BackendDeclaration("studio", simulator.url))
        assert (await http.ask("/queue")).status == 200
        simulator.order(Refuse(seconds=0.1))
        assert (await http.ask("/queue")).status == 200
        await http.close()


async def test_a_post_that_may_have_arrived_is_never_repeated() -> None:
    async with Simulator() as simulator:
        http = Http(BackendDeclaration("studio", simulator.url))
        simulator.order(LoseAnswer("/free", times=3))
        with pytest.raises(BackendUnreachable):
            await http.post_once("/free", {})
        assert (await http.tell("/free", {})).status == 200
        await http.close()


async def test_headers_go_with_every_request() -> None:
    async with canned(answer("200 OK")) as server:
        http = Http(server.declared(Authorization="Bearer hush"))
        await http.ask("/queue")
        await http.tell("/queue", {"delete": []})
        async with http.open("/view?filename=a") as opened:
            assert (await opened.read()).status == 200
        await http.send("/upload/image", _chunks(b"ab"), "multipart/form-data", 2)
        await http.close()
        assert len(server.heads) == 4
        for head in server.heads:
            assert "Authorization: Bearer hush" in head
            assert "user-agent: comfyui-gateway" in head


async def _chunks(*data: bytes) -> AsyncIterator[bytes]:
    for each in data:
        yield each


async def test_a_redirect_is_never_followed_so_credentials_stay_at_their_origin() -> None:
    async with canned(answer("200 OK")) as elsewhere:
        moved = answer("302 Found", location=f"{elsewhere.url}/login")
        async with canned(moved) as server:
            http = Http(server.declared(Authorization="Bearer hush"))
            told = await http.ask("/queue")
            assert (told.status, told.location) == (302, f"{elsewhere.url}/login")
            assert (await http.post_once("/prompt", {})).status == 302
            await http.close()
        assert elsewhere.heads == []


async def test_a_cookie_is_not_kept() -> None:
    async with canned(answer("200 OK", b"", **{"set-cookie": "session=1"})) as server:
        http = Http(server.declared())
        await http.ask("/queue")
        await http.ask("/queue")
        await http.close()
        assert not any("cookie" in head.lower() for head in server.heads)


async def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{unused_port()}")
    async with Simulator() as simulator:
        http = Http(BackendDeclaration("studio", simulator.url))
        assert (await http.ask("/queue")).status == 200
        await http.close()


@pytest.mark.parametrize("value", ["Bearer a\r\nX-Evil: 1", "Bearer hush\udc80"])
async def test_a_header_that_cannot_be_sent_is_refused_without_showing_it(value: str) -> None:
    async with canned(answer("200 OK")) as server:
        error = await failure(server.declared(Authorization=value))
        assert isinstance(error, BackendRefused)
        assert error.code == "backend-request-invalid"
        assert "Bearer" not in f"{error.message}{error.mend}{error.found}"
        assert server.heads == []


async def test_a_base_path_stands_before_every_path() -> None:
    async with Simulator(base_path="/comfy") as simulator:
        assert simulator.url.endswith("/comfy")
        http = Http(BackendDeclaration("studio", simulator.url))
        assert (await http.ask("/queue")).status == 200
        await http.close()
        bare = Http(BackendDeclaration("studio", simulator.url.removesuffix("/comfy")))
        assert (await bare.ask("/queue")).status == 404
        await bare.close()


async def test_a_file_that_changed_its_size_on_the_way_is_refused() -> None:
    async with Simulator() as simulator:
        http = Http(BackendDeclaration("studio", simulator.url))
        for size in (5, 50):
            with pytest.raises(BackendRefused) as caught:
                await http.send("/upload/image", _chunks(b"x" * 10, b"x" * 10), "text/plain", size)
            assert caught.value.code == "backend-request-invalid"
        assert (await http.ask("/queue")).status == 200
        await http.close()


async def test_a_download_that_breaks_off_is_told_to_whoever_reads_it() -> None:
    cut = answer("200 OK", b"abc", "image/png", **{"content-length": "999"})
    async with canned(cut) as server:
        http = Http(server.declared())
        got: list[bytes] = []
        with pytest.raises(BackendUnreachable):  # noqa: PT012 (reading is what fails)
            async with http.open("/view?filename=a.png") as opened:
                assert (opened.status, opened.content_type, opened.size) == (200, "image/png", 999)
                async for chunk in opened.chunks():
                    got.append(chunk)  # noqa: PERF401 (what came before the break is wanted)
        assert b"".join(got) == b"abc"
        await http.close()


async def test_the_size_of_a_packed_or_unmeasured_answer_is_not_known() -> None:
    packed = answer("200 OK", gzip.compress(b"abc"), **{"content-encoding": "gzip"})
    unmeasured = b"HTTP/1.1 200 OK\r\n\r\nabc"
    for data in (packed, unmeasured):
        async with canned(data) as server:
            http = Http(server.declared())
            async with http.open("/view") as opened:
                assert opened.size is None
                assert b"".join([chunk async for chunk in opened.chunks()]) == b"abc"
            await http.close()


async def test_giving_up_a_question_leaves_the_next_one_well() -> None:
    async with Simulator() as simulator:
        http = Http(BackendDeclaration("studio", simulator.url))
        simulator.order(Hang("/queue"))
        asking = asyncio.create_task(http.ask("/queue"))
        await asyncio.sleep(0)
        asking.cancel()
        await asyncio.wait([asking])
        assert asking.cancelled()
        simulator.order(AnswerWith("/prompt", status=200, body="{}"))
        assert (await http.ask("/prompt")).body == b"{}"
        await http.close()


# --- TLS ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
async def secured(authority: trustme.CA, tmp_path: Path) -> AsyncIterator[tuple[str, Path]]:
    """A simulator behind TLS: its URL, and the file with the authority that signed for it."""
    certificate = authority.issue_cert("127.0.0.1", "localhost")
    chain, key, ca = tmp_path / "chain.pem", tmp_path / "key.pem", tmp_path / "ca.pem"
    chain.write_bytes(b"".join(each.bytes() for each in certificate.cert_chain_pems))
    certificate.private_key_pem.write_to_path(key)
    authority.cert_pem.write_to_path(ca)
    async with Simulator(tls=Tls(str(chain), str(key))) as simulator:
        yield simulator.url, ca


async def test_tls_by_a_declared_authority(secured: tuple[str, Path]) -> None:
    url, ca = secured
    http = Http(BackendDeclaration("studio", url, tls_ca=str(ca)))
    assert (await http.ask("/queue")).status == 200
    assert isinstance(http.tls, ssl.SSLContext)
    await http.close()


async def test_tls_trusted_unseen(secured: tuple[str, Path]) -> None:
    http = Http(BackendDeclaration("studio", secured[0], tls_verify=False))
    assert (await http.ask("/queue")).status == 200
    await http.close()


async def test_a_certificate_nobody_knows_is_told_with_the_mend(secured: tuple[str, Path]) -> None:
    error = await failure(BackendDeclaration("studio", secured[0]))
    assert error.code == "backend-certificate"
    assert "tls: {ca:" in error.mend


async def test_a_ca_file_that_is_not_there_or_no_certificate_is_told(
    secured: tuple[str, Path], tmp_path: Path
) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_text("nothing", encoding="utf-8")
    for ca in (empty, tmp_path / "nowhere.pem"):
        error = await failure(BackendDeclaration("studio", secured[0], tls_ca=str(ca)))
        assert error.code == "backend-ca-file"
        assert str(ca) in error.message


async def test_plain_http_to_a_tls_port_is_told_with_the_likely_reason(
    secured: tuple[str, Path],
) -> None:
    error = await failure(BackendDeclaration("studio", secured[0].replace("https:", "http:")))
    assert error.code == "backend-connection-lost"
    assert "https" in error.mend


async def test_tls_to_a_plain_port_is_told() -> None:
    async with Simulator() as simulator:
        url = simulator.url.replace("http:", "https:")
        error = await failure(BackendDeclaration("studio", url))
        assert error.code == "backend-tls"


async def test_without_https_no_authorities_are_read() -> None:
    assert Http(BackendDeclaration("studio", "http://127.0.0.1:1")).tls is None
