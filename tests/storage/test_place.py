"""What a store's own refusals become."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from obstore.store import LocalStore, MemoryStore

from gateway.errors import GatewayError
from gateway.storage.inputs import ObjectInputStore
from gateway.storage.outputs import ObjectOutputStore
from gateway.storage.place import Place

BAD = "a/../b"
"""A key that obstore itself refuses."""


class Whole:
    """Chunks that are no generator: there is nothing to let go of."""

    def __init__(self, *parts: bytes) -> None:
        self.parts = list(parts)

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if not self.parts:
            raise StopAsyncIteration
        return self.parts.pop(0)


DOINGS: list[Callable[[Place], Awaitable[object]]] = [
    lambda place: place.put(BAD, b"x", "overwrite"),
    lambda place: place.put(BAD, b"x" * 2**17, "create"),
    lambda place: place.stream(BAD, b"x" * 2**21, Whole(b"y")),
    lambda place: place.open(BAD, 0, None),
    lambda place: place.rename(BAD, "c"),
    lambda place: place.holds(BAD),
]


@pytest.mark.parametrize("doing", DOINGS)
async def test_every_fault_of_a_store_is_told_with_its_place(
    tmp_path: Path, doing: Callable[[Place], Awaitable[object]]
) -> None:
    place = Place(LocalStore(tmp_path), "the shelf", tmp_path)
    with pytest.raises(GatewayError) as caught:
        await doing(place)
    assert caught.value.code == "storage-failed"
    assert caught.value.where == "the shelf"


@pytest.mark.parametrize("size", [3, 3 * 2**20])
async def test_chunks_that_are_no_generator_are_taken_too(size: int) -> None:
    place = Place(MemoryStore(), "memory://")
    data = b"x" * size
    kept = await ObjectInputStore(place).keep(Whole(data[:2], data[2:]), size)
    stored = await ObjectOutputStore(place).write("job/a", Whole(data[:2], data[2:]))
    assert kept.size == stored.size == size


async def test_removing_what_is_not_there_is_no_fault(tmp_path: Path) -> None:
    place = Place(LocalStore(tmp_path), "the shelf", tmp_path)
    await place.remove("none")
    assert not await place.holds("none")
