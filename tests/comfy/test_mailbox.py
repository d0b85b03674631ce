"""One follower's messages."""

from __future__ import annotations

import asyncio

from gateway.comfy.mailbox import Event, Mailbox
from gateway.jobs.backend import Connected, SocketLost
from gateway.wire.messages import (
    Executed,
    Executing,
    PreviewImage,
    ProgressState,
    ProgressStep,
    Status,
)


async def drained(mailbox: Mailbox, count: int) -> list[Event]:
    async with asyncio.timeout(5):
        return [await mailbox.next() for _ in range(count)]


async def test_messages_come_in_their_order() -> None:
    mailbox = Mailbox()
    events: list[Event] = [
        Executing("1", "p"),
        ProgressState("p", {}),
        Executed("p", "1", "1", {}),
        Executed("p", "2", "2", {}),
        SocketLost("gone"),
        Connected(),
        Executing(None, "p"),
    ]
    for event in events:
        mailbox.put(event)
    assert await drained(mailbox, len(events)) == events


async def test_who_waits_is_woken() -> None:
    mailbox = Mailbox()
    waiting = asyncio.create_task(mailbox.next())
    await asyncio.sleep(0)
    mailbox.put(Status(0))
    mailbox.put(Connected())
    assert await asyncio.wait_for(waiting, 5) == Status(0)
    assert await drained(mailbox, 1) == [Connected()]


async def test_who_gives_up_waiting_loses_nothing() -> None:
    mailbox = Mailbox()
    waiting = asyncio.create_task(mailbox.next())
    await asyncio.sleep(0)
    mailbox.put(Status(0))
    waiting.cancel()
    await asyncio.wait([waiting])
    assert waiting.cancelled()
    assert await drained(mailbox, 1) == [Status(0)]


async def test_a_slow_follower_finds_only_the_newest_of_many_progress_messages() -> None:
    mailbox = Mailbox()
    for value in range(100_000):
        mailbox.put(ProgressStep("p", "3", value, 100_000))
    for picture in (b"1", b"2"):
        mailbox.put(PreviewImage("image/png", picture, "3", "p"))
    assert await drained(mailbox, 2) == [
        ProgressStep("p", "3", 99_999, 100_000),
        PreviewImage("image/png", b"2", "3", "p"),
    ]
    mailbox.put(Connected())
    assert await drained(mailbox, 1) == [Connected()]
