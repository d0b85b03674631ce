"""Paths: only under the open folders, whatever they look like."""

from __future__ import annotations

import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.errors import InputRefused
from gateway.fetch.references import GuardedReferences
from gateway.jobs.files import References
from gateway.services.settings import InputUrls

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 700_000


async def whole(chunks: AsyncIterator[bytes]) -> bytes:
    return b"".join([chunk async for chunk in chunks])


async def refusal(references: References, reference: str, *, local: bool = True) -> InputRefused:
    with pytest.raises(InputRefused) as caught:
        await references.open(reference, local=local)
    return caught.value


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "pictures"
    (made / "deep").mkdir(parents=True)
    (made / "cat.png").write_bytes(PNG)
    (made / "deep" / "dog").write_bytes(PNG)
    (tmp_path / "secret.png").write_bytes(b"secret")
    return made


@pytest.fixture
def references(folder: Path) -> GuardedReferences:
    return GuardedReferences([str(folder)], InputUrls(max_size=1_000_000))


async def test_a_file_in_an_open_folder_is_read(folder: Path, references: References) -> None:
    opened = await references.open(str(folder / "cat.png"), local=True)
    assert (opened.filename, opened.mime_type) == ("cat.png", "image/png")
    assert await whole(opened.chunks) == PNG


async def test_a_name_without_extension_gets_the_one_its_bytes_tell(
    folder: Path, references: References
) -> None:
    opened = await references.open(str(folder / "deep" / "dog"), local=True)
    assert (opened.filename, opened.mime_type) == ("dog.png", "image/png")
    assert await whole(opened.chunks) == PNG


@pytest.mark.parametrize("path", ["cat.png", "./cat.png", "deep/../cat.png", " cat.png\n"])
async def test_a_relative_path_is_looked_for_in_the_open_folders(
    tmp_path: Path, folder: Path, path: str
) -> None:
    (tmp_path / "empty").mkdir()
    references = GuardedReferences([str(tmp_path / "empty"), str(folder)], InputUrls())
    assert await whole((await references.open(path, local=True)).chunks) == PNG


async def test_a_tilde_is_the_home_of_the_gateways_user(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(folder.parent))
    references = GuardedReferences(["~/pictures"], InputUrls())
    assert await whole((await references.open("~/pictures/cat.png", local=True)).chunks) == PNG


async def test_an_open_folder_may_itself_be_a_link(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "link").symlink_to(folder)
    references = GuardedReferences([str(tmp_path / "link")], InputUrls())
    for path in (tmp_path / "link" / "cat.png", folder / "cat.png"):
        assert await whole((await references.open(str(path), local=True)).chunks) == PNG


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "{folder}/../secret.png",
        "{folder}/deep/../../secret.png",
        "{folder}/../nothing-there.png",
        "../secret.png",
        "{folder}-other/cat.png",
        "{folder}/way-out",
        "{folder}/way-out-folder/secret.png",
        "{folder}/way-out-folder/nothing-there.png",
        "{folder}/round",
        "{folder}/cat.png\0.txt",
        "~nobody-by-this-name/cat.png",
        "/proc/self/environ",
        "/dev/zero",
    ],
)
async def test_nothing_outside_the_open_folders_is_read(
    tmp_path: Path, folder: Path, references: References, path: str
) -> None:
    (folder / "way-out").symlink_to(tmp_path / "secret.png")
    (folder / "way-out-folder").symlink_to(tmp_path)
    (folder / "round").symlink_to(folder / "round")

    refused = await refusal(references, path.format(folder=folder))

    assert refused.code == "input-path-forbidden"
    assert str(folder) in refused.message


async def test_a_refusal_does_not_tell_whether_a_file_outside_exists(
    tmp_path: Path, references: References
) -> None:
    there = await refusal(references, str(tmp_path / "secret.png"))
    missing = await refusal(references, str(tmp_path / "absent.png"))
    assert there.message.replace("secret", "absent") == missing.message
    assert there.code == missing.code


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("missing.png", "there is no such file"),
        ("cat.png/more", "there is no such file"),
        ("deep", "it is a folder"),
        ("pipe", "it is no plain file"),
        ("plug", "no such device or address"),
        ("n" * 300, "file name too long"),
    ],
)
async def test_what_is_no_plain_file_is_told_by_its_kind(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, why: str
) -> None:
    os.mkfifo(folder / "pipe")
    plug = socket.socket(socket.AF_UNIX)
    monkeypatch.chdir(folder)  # the path of a socket may have 108 characters only
    plug.bind("plug")
    plug.close()

    refused = await refusal(GuardedReferences([str(folder)], InputUrls()), str(folder / name))

    assert refused.code == "input-not-found"
    assert why in refused.message


async def test_a_file_over_the_limit_is_refused_before_it_is_read(
    folder: Path,
) -> None:
    references = GuardedReferences([str(folder)], InputUrls(max_size=1000))
    refused = await refusal(references, str(folder / "cat.png"))
    assert refused.code == "input-too-large"
    assert "1,000 bytes" in refused.message


async def test_paths_are_not_read_for_callers_elsewhere(
    folder: Path, references: References
) -> None:
    refused = await refusal(references, str(folder / "cat.png"), local=False)
    assert refused.code == "input-path-forbidden"
    assert "data: URL" in refused.message
    assert str(folder) not in refused.message.replace(str(folder / "cat.png"), "")


@pytest.mark.parametrize(
    "path", ["/home/me/cat.png", "~/cat.png", "./cat.png", "cat.png", "C:\\cat.png"]
)
async def test_with_no_open_folder_a_path_says_how_to_open_one(path: str) -> None:
    refused = await refusal(GuardedReferences([], InputUrls()), path)
    assert refused.code == "input-path-forbidden"
    assert "gateway.input_folders" in refused.message


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "a cat on a mat",
        "cat",
        "ftp://example.com/cat.png",
        "gopher://127.0.0.1:70/_x",
        "javascript:alert(1)",
        "comfyui://jobs/1",
        "n" * 3000,
        "iVBORw0KGgo" * 1000,
        "/9j/4AAQSkZJRg" * 1000,
    ],
)
@pytest.mark.parametrize("local", [True, False])
async def test_what_refers_to_no_file_is_answered_with_the_forms_that_do(
    folder: Path, references: References, text: str, local: bool
) -> None:
    refused = await refusal(references, text, local=local)
    assert refused.code == "input-not-a-reference"
    for form in ("http(s)://", "data:", "comfyui://jobs/"):
        assert form in refused.message
    assert (str(folder) in refused.message) == local
    assert len(refused.message) < 500


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100)
@given(
    parts=st.lists(
        st.sampled_from(
            ["..", ".", "", "deep", "cat.png", "way-out", "secret.png", "~", "/", "\\", "etc"]
        ),
        max_size=8,
    ),
    absolute=st.booleans(),
)
async def test_no_path_reads_what_is_outside(
    tmp_path: Path, folder: Path, references: References, parts: list[str], absolute: bool
) -> None:
    if not (folder / "way-out").is_symlink():
        (folder / "way-out").symlink_to(tmp_path)
    path = "/".join(parts)
    try:
        opened = await references.open(f"{folder}/{path}" if absolute else path, local=True)
    except InputRefused:
        return
    assert await whole(opened.chunks) == PNG


@pytest.mark.parametrize("before", ["file://", "file:", "FILE://localhost"])
async def test_a_file_url_is_a_path(folder: Path, before: str) -> None:
    (folder / "a b.png").write_bytes(PNG)
    references = GuardedReferences([str(folder)], InputUrls())
    opened = await references.open(f"{before}{folder}/a%20b.png", local=True)
    assert opened.filename == "a b.png"
    assert await whole(opened.chunks) == PNG
    for path in ("/etc/passwd", f"{folder}/../secret.png", f"{folder}/%2e%2e/secret.png"):
        outside = await refusal(references, f"{before}{path}")
        assert outside.code == "input-path-forbidden"
    with pytest.raises(InputRefused) as caught:
        await references.open(f"{before}{folder}/a%20b.png", local=False)
    assert caught.value.code == "input-path-forbidden"


async def test_a_file_url_of_another_machine_is_no_reference(folder: Path) -> None:
    references = GuardedReferences([str(folder)], InputUrls())
    refused = await refusal(references, f"file://elsewhere{folder}/a.png")
    assert refused.code == "input-not-a-reference"
