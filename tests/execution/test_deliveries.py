"""Telling webhooks: what is tried, when again, and by whom."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace

import pytest

from gateway.errors import GatewayError
from gateway.execution.deliveries import Deliveries, Desk
from gateway.execution.ledger import Ledger
from gateway.execution.memory_outbox import MemoryOutbox
from gateway.execution.memory_store import MemoryJobStore
from gateway.jobs.delivery import Delivery, NotNow, Reception, Refused, Taken
from gateway.jobs.job import Job
from gateway.services.bound import BoundService
from gateway.services.webhook import Webhook, WebhookSettings
from tests.execution.scripted import HERE, MakeBench, a_service

HOOK = Webhook("https://hooks.example/", HERE)


class Told:
    """A courier whose attempts come to what the test says, `Taken` unless it says something."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []
        self.hooks: list[Webhook] = []
        self.next: list[Reception | Exception] = []
        self.waiting: Callable[[], Awaitable[None]] | None = None

    async def tell(self, webhook: Webhook, job: Job) -> Reception:
        """Make an attempt."""
        self.jobs.append(job)
        self.hooks.append(webhook)
        if self.waiting is not None:
            await self.waiting()
        reception = self.next.pop(0) if self.next else Taken()
        if isinstance(reception, Exception):
            raise reception
        return reception


@dataclass
class Office:
    """Deliveries over a memory store, with everything a test wants to look at."""

    store: MemoryJobStore
    services: dict[str, BoundService]
    courier: Told = field(default_factory=Told)
    reports: list[tuple[Delivery, BaseException | None]] = field(
        default_factory=list[tuple[Delivery, BaseException | None]]
    )
    attempts: int = 3

    def __post_init__(self) -> None:
        self.ledger = Ledger(self.store)
        settings = WebhookSettings(attempts=self.attempts)

        def report(delivery: Delivery, fault: BaseException | None) -> None:
            self.reports.append((delivery, fault))

        def services() -> Mapping[str, BoundService]:
            return self.services

        self.deliveries = Deliveries(Desk(self.ledger, self.courier, settings, services, report))

    async def end(self, name: str = "one", service: str = "draw", status: str = "completed") -> Job:
        """Have a job end."""
        job = Job(name, service, "local", {}, 1.0, tells=("completed", "failed"))
        await self.store.add(job)
        self.ledger.adopt(job)
        over = replace(job, status=status, completed_at=2.0)  # pyright: ignore[reportArgumentType]
        await self.ledger.record(over)
        return over

    async def of(self, name: str = "one") -> Delivery:
        """Return how far a delivery is."""
        found = await self.store.outbox.get(name)
        assert found is not None
        return found


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    office = Office(MemoryJobStore(), {"draw": a_service(webhook=HOOK)})
    yield office
    await office.deliveries.close()


async def test_a_job_tells_its_end_to_the_webhook_of_its_service(
    make_bench: MakeBench,
) -> None:
    bench = make_bench()
    hook = replace(HOOK, events=frozenset({"completed"}))
    told = Told()
    service = a_service(webhook=hook)
    desk = Desk(
        bench.ledger,
        told,
        WebhookSettings(),
        lambda: {"draw": service},
        lambda _delivery, _fault: None,
    )
    deliveries = Deliveries(desk)
    job = await bench.run(service)
    assert job.tells == ("completed",)
    await deliveries.settle()
    assert [each.id for each in told.jobs] == [job.id]
    assert told.jobs[0].status == "completed"
    assert told.hooks == [hook]
    delivery = await bench.ledger.delivery(job)
    assert delivery == Delivery(job.id, "draw", "delivered", 1)


async def test_a_service_without_a_webhook_never_meets_the_outbox(make_bench: MakeBench) -> None:
    class Untouchable(MemoryOutbox):
        """An outbox that nobody may look into."""

        def __getattribute__(self, name: str) -> object:
            """Fail."""
            raise AssertionError(name)

    bench = make_bench()
    store = MemoryJobStore()
    store.outbox = Untouchable()
    bench.ledger.store = store
    job = await bench.run()
    assert (job.status, job.tells) == ("completed", ())
    assert not bench.ledger.webhooks_due.is_set()


async def test_what_ends_is_told_at_once_by_who_looks_for_ever(office: Office) -> None:
    looking = asyncio.create_task(office.deliveries.look_for_ever())
    await asyncio.sleep(0)
    await office.end()
    while (await office.of()).status != "delivered":  # noqa: ASYNC110
        await asyncio.sleep(0.001)
    looking.cancel()
    await asyncio.gather(looking, return_exceptions=True)
    assert ((await office.of()).attempts, len(office.courier.jobs)) == (1, 1)


async def test_what_did_not_arrive_is_due_later_and_says_why(office: Office) -> None:
    office.courier.next = [NotNow("nothing answers there")]
    await office.end()
    await office.deliveries.settle()
    delivery = await office.of()
    assert delivery == Delivery("one", "draw", "pending", 1, "nothing answers there")
    assert 3 < (await office.store.outbox.waiting())["draw"] <= 6.25
    assert office.reports == [(delivery, None)]
    pause = await office.deliveries.look()
    assert pause is not None
    assert 3 < pause <= 5.0
    assert len(office.courier.jobs) == 1


async def test_the_receivers_wish_is_kept_to(office: Office) -> None:
    office.courier.next = [NotNow("429", wish=2.0)]
    await office.end()
    await office.deliveries.settle()
    assert 1 < (await office.store.outbox.waiting())["draw"] <= 2


async def test_after_the_last_attempt_it_has_failed(office: Office) -> None:
    for number in range(office.attempts):
        office.courier.next = [NotNow("busy", wish=0.0)]
        if number == 0:
            await office.end()
        else:
            claimed = (await office.of()).attempts
            assert claimed == number
            await _be_due(office)
        await office.deliveries.settle()
    assert await office.of() == Delivery("one", "draw", "failed", 3, "busy")
    assert await office.store.outbox.waiting() == {}


async def _be_due(office: Office) -> None:
    """Let the pause of a delivery be over."""
    await office.store.outbox.settle(await office.of(), 0)


async def test_what_was_refused_has_failed_at_once(office: Office) -> None:
    office.courier.next = [Refused("its receiver answered 404")]
    await office.end()
    await office.deliveries.settle()
    assert await office.of() == Delivery("one", "draw", "failed", 1, "its receiver answered 404")


async def test_a_fault_of_the_gateways_own_is_told_and_tried_again(office: Office) -> None:
    office.courier.next = [RuntimeError("on purpose")]
    await office.end()
    await office.deliveries.settle()
    delivery = await office.of()
    assert delivery.status == "pending"
    assert delivery.last_error == "the gateway made a mistake (RuntimeError)"
    ((_, fault),) = office.reports
    assert str(fault) == "on purpose"


async def test_attempts_that_gateways_died_of_are_counted(office: Office) -> None:
    await office.end()
    for _ in range(office.attempts):
        await office.store.outbox.claim("draw", 1, -1.0)
    await office.deliveries.settle()
    assert office.courier.jobs == []
    assert await office.of() == Delivery("one", "draw", "failed", 4, "no attempt came to an end")


async def test_a_receiver_that_hangs_keeps_no_other_service_waiting(office: Office) -> None:
    hanging, gone_on = asyncio.Event(), asyncio.Event()
    quick = replace(HOOK, url="https://quick.example/")
    office.services["paint"] = replace(
        a_service(webhook=quick), service=replace(a_service(webhook=quick).service, name="paint")
    )

    async def wait() -> None:
        if office.courier.hooks[-1].url == HOOK.url:
            hanging.set()
            await gone_on.wait()

    office.courier.waiting = wait
    for number in range(9):
        await office.end(f"slow-{number}")
    looking = asyncio.create_task(office.deliveries.look_for_ever())
    await hanging.wait()
    await office.end("fast", "paint")
    while (await office.of("fast")).status != "delivered":  # noqa: ASYNC110
        await asyncio.sleep(0.001)
    assert sum(each.url == HOOK.url for each in office.courier.hooks) == 4
    gone_on.set()
    while (await office.store.outbox.waiting()) != {}:  # noqa: ASYNC110
        await asyncio.sleep(0.001)
    looking.cancel()
    await asyncio.gather(looking, return_exceptions=True)
    assert {(await office.of(f"slow-{number}")).attempts for number in range(9)} == {1}


async def test_what_is_given_up_at_the_end_is_due_again_at_once(office: Office) -> None:
    office.courier.waiting = asyncio.Event().wait  # type: ignore[assignment]
    await office.end()
    await office.deliveries.look()
    await asyncio.sleep(0)
    await office.deliveries.close()
    assert await office.of() == Delivery("one", "draw", "pending", 1)
    assert (await office.store.outbox.waiting())["draw"] <= 0


async def test_a_webhook_that_was_taken_out_is_not_told(office: Office) -> None:
    await office.end()
    office.services["draw"] = a_service()
    await office.deliveries.settle()
    assert office.courier.jobs == []
    assert (await office.of()).last_error == "the service has no webhook any more"
    assert await office.deliveries.look() is None  # from now on nobody looks without being told


async def test_a_service_of_another_gateway_is_left_to_that_one(office: Office) -> None:
    await office.end(service="theirs")
    await office.deliveries.settle()
    assert await office.of() == Delivery("one", "theirs")


async def test_a_store_that_is_away_is_looked_at_again(office: Office) -> None:
    class Away(MemoryOutbox):
        """An outbox that does not answer at first."""

        asked = 0

        async def waiting(self) -> Mapping[str, float]:
            """Answer the second time."""
            self.asked += 1
            if self.asked == 1:
                raise GatewayError("away", code="store-unreachable")
            return await super().waiting()

    office.store.outbox = away = Away()
    looking = asyncio.create_task(office.deliveries.look_for_ever())
    await asyncio.sleep(0)
    await office.end()
    while (await office.of()).status != "delivered":  # noqa: ASYNC110
        await asyncio.sleep(0.001)
    looking.cancel()
    await asyncio.gather(looking, return_exceptions=True)
    assert away.asked > 1
    assert len(office.courier.jobs) == 1


async def test_a_job_that_cannot_be_read_now_is_told_later(office: Office) -> None:
    class Unreadable(MemoryJobStore):
        """A store that gives no job."""

        async def get(self, job_id: str) -> Job | None:
            """Fail."""
            raise GatewayError("away", code="store-unreachable")

    office = Office(Unreadable(), office.services)
    await office.end()
    await office.deliveries.settle()
    assert (await office.of()).last_error == "the job could not be read (store-unreachable)"
    assert (await office.of()).status == "pending"


async def test_an_end_that_is_not_kept_yet_is_told_as_pending(office: Office) -> None:
    class Stuck(MemoryJobStore):
        """A store that cannot take the end of a job at first."""

        full = True

        async def save(self, job: Job) -> None:
            """Fail while there is no room."""
            if self.full:
                raise GatewayError("full", code="store-full")
            await super().save(job)

    store = Stuck()
    office = Office(store, office.services)
    with pytest.raises(GatewayError):
        await office.end()
    job = await office.ledger.get("one")
    assert job is not None
    assert await office.ledger.delivery(job) == Delivery("one", "draw")
    await office.deliveries.settle()
    assert office.courier.jobs == []
    store.full = False
    await office.ledger.keep_again()
    await office.deliveries.settle()
    assert (await office.of()).status == "delivered"
