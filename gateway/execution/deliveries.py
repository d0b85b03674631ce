"""Telling webhooks how jobs ended: claims what is due, makes the attempts, keeps what came of them."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from gateway.errors import GatewayError
from gateway.execution.ledger import Ledger
from gateway.jobs.delivery import (
    Courier,
    Delivery,
    NotNow,
    Reception,
    Refused,
    after_attempt,
)
from gateway.services.bound import BoundService
from gateway.services.webhook import Webhook, WebhookSettings

__all__ = ["Deliveries", "Desk"]

_LOOK_EVERY = 5.0
_AT_A_TIME = 4
"""Attempts for one service: a receiver that hangs keeps no other service's waiting."""
_TO_SETTLE = 5.0
"""Seconds that an attempt may outlast its time limit before somebody else may make another one."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What telling webhooks needs.

    Attributes:
        services: Returns the services as they are now, by name.
        report: Is told of each attempt that did not arrive, and of the gateway's own fault, if it was one.
    """

    ledger: Ledger
    courier: Courier
    settings: WebhookSettings
    services: Callable[[], Mapping[str, BoundService]]
    report: Callable[[Delivery, BaseException | None], None]


class Deliveries:
    """Tells the webhooks of the services that this gateway knows; several may do so on one store."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._ledger = desk.ledger
        self._tasks: dict[asyncio.Task[None], Delivery] = {}
        self._looked = False

    async def look_for_ever(self) -> None:
        """Tell what is due, at once or when it comes to it, until cancelled."""
        while True:
            self._ledger.webhooks_due.clear()
            pause: float | None = _LOOK_EVERY
            with suppress(GatewayError):  # a store that is away is looked at again
                pause = await self.look()
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._ledger.webhooks_due.wait()

    async def look(self) -> float | None:
        """Begin the attempts that are due; return after how many seconds to look again, None: when told.

        Raises:
            GatewayError: The store does not answer.
        """
        services = self._desk.services()
        if self._looked and all(each.service.webhook is None for each in services.values()):
            return None
        pause = _LOOK_EVERY
        for name, seconds in (await self._ledger.store.outbox.waiting()).items():
            if name not in services:
                continue  # another gateway on this store may know it
            if seconds > 0:
                pause = min(pause, seconds)
            else:
                await self._begin(name, services[name].service.webhook)
        self._looked = True
        return pause

    async def settle(self) -> None:
        """Wait until everything that was due has been tried; a store that is away is not waited for."""
        with suppress(GatewayError):
            await self.look()
            while self._tasks:
                await asyncio.wait(self._tasks)
                await self.look()

    async def close(self) -> None:
        """Let go: attempts under way are given up, and due again at once."""
        given_up = dict(self._tasks)
        for task in given_up:
            task.cancel()
        await asyncio.gather(*given_up, return_exceptions=True)
        with suppress(GatewayError):
            for delivery in given_up.values():
                await self._ledger.store.outbox.settle(delivery, 0)

    async def _begin(self, service: str, webhook: Webhook | None) -> None:
        under_way = Counter(each.service for each in self._tasks.values())
        room = _AT_A_TIME - under_way[service]
        if room <= 0:
            return
        lease = self._desk.settings.timeout + _TO_SETTLE
        for delivery in await self._ledger.store.outbox.claim(service, room, lease):
            task = asyncio.create_task(self._tell(webhook, delivery))
            self._tasks[task] = delivery
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._tasks[task]
        self._ledger.webhooks_due.set()  # there is room for the next one

    async def _tell(self, webhook: Webhook | None, delivery: Delivery) -> None:
        fault: Exception | None = None
        try:
            reception = await self._attempt(webhook, delivery)
        except Exception as error:  # noqa: BLE001 (nobody awaits it: it must not die unheard)
            fault = error
            reception = NotNow(f"the gateway made a mistake ({type(error).__name__})")
        chance = random.random()  # noqa: S311 (not for secrets)
        settled, delay = after_attempt(delivery, reception, self._desk.settings.attempts, chance)
        if settled.status != "delivered":
            self._desk.report(settled, fault)
        with suppress(GatewayError):  # then it is due again when the lease has passed
            await self._ledger.store.outbox.settle(settled, delay)

    async def _attempt(self, webhook: Webhook | None, delivery: Delivery) -> Reception:
        if webhook is None:
            return Refused("the service has no webhook any more")
        if delivery.attempts > self._desk.settings.attempts:
            return Refused("no attempt came to an end")  # each gateway died of it, or in it
        try:
            job = await self._ledger.store.get(delivery.job_id)
        except GatewayError as error:
            return NotNow(f"the job could not be read ({error.code})")
        if job is None:
            return Refused("the job is gone")  # and this with it
        return await self._desk.courier.tell(webhook, job)
