"""Which 2025-era clients are remembered, and until when."""

from __future__ import annotations

from typing import cast

from mcp.server.session import ServerSession

from gateway.server.peers import Peers


class Session:
    """The one method of the SDK's session that is used here."""

    def __init__(self, *, broken: bool = False) -> None:
        self.told = 0
        self._broken = broken

    async def send_tool_list_changed(self) -> None:
        """Count, or break."""
        if self._broken:
            raise ConnectionError
        self.told += 1

    @property
    def as_session(self) -> ServerSession:
        """Itself, as what is asked for."""
        return cast("ServerSession", cast("object", self))


async def test_every_peer_is_told_and_a_broken_one_is_forgotten() -> None:
    peers, good, broken = Peers(), Session(), Session(broken=True)
    peers.add("one", good.as_session)
    peers.add("two", broken.as_session)
    peers.add("", Session(broken=True).as_session)
    await peers.tools_changed()
    await peers.tools_changed()
    assert good.told == 2
    assert len(peers) == 1


async def test_a_silent_session_is_forgotten_unless_a_request_of_it_is_open() -> None:
    peers, listening, silent = Peers(idle=-1), Session(), Session()
    with peers.visit("listening"):
        peers.add("listening", listening.as_session)
        peers.add("silent", silent.as_session)
        await peers.tools_changed()
    assert (listening.told, silent.told) == (1, 0)
    peers.prune()
    assert len(peers) == 0


async def test_an_ended_session_is_forgotten() -> None:
    peers, session = Peers(), Session()
    with peers.visit("one"):
        peers.add("one", session.as_session)
        peers.end("one")
        peers.end("another")
    await peers.tools_changed()
    assert session.told == 0


def test_a_session_id_that_nobody_has_leaves_nothing_behind() -> None:
    peers = Peers()
    for number in range(100):
        with peers.visit(f"made up {number}"):
            pass
    assert len(peers) == 0
    assert peers.sessions == ()


def test_a_later_request_of_the_same_session_keeps_it() -> None:
    peers, session = Peers(), Session()
    peers.add("one", session.as_session)
    with peers.visit("one"):
        pass
    assert peers.sessions == ("one",)
