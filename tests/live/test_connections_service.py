"""Clients are taken in with a good token only, counted by person, and let go without a trace."""

from __future__ import annotations

import pytest

from gencharge.core.errors import ServerBusy, ServerRestarting
from gencharge.core.settings import Settings
from gencharge.core.values.ids import new_id
from gencharge.live.clients import Client
from gencharge.live.connections_service import Connections
from gencharge.live.errors import TooManyLiveConnections
from gencharge.sessions.errors import AccessTokenInvalid, NotSignedIn, SecondFactorRequired, SessionEnded
from gencharge.sessions.guards import Gate
from gencharge.sessions.tokens import Principal
from tests.make.sessions import make_principal, signing_settings


class Counted(Connections):
    """Notes whom it took in."""

    def __init__(self, settings: Settings) -> None:
        self.gate = Gate(settings)
        self.taken: list[Client] = []
        super().__init__(settings, self.gate)

    def joined(self, client: Client) -> None:
        self.taken.append(client)

    def header(self, principal: Principal) -> bytes:
        return f"Bearer {self.gate.keys.sign(principal)}".encode()


@pytest.fixture
def connections() -> Counted:
    return Counted(signing_settings(live_connections=3, live_connections_per_account=2))


def test_an_account_has_so_many_connections_and_a_place_is_free_again(connections: Counted) -> None:
    header = connections.header(make_principal())
    first, _ = connections.sign_in(header, None), connections.sign_in(header, "5-6")
    with pytest.raises(TooManyLiveConnections):
        connections.sign_in(header, None)
    assert len(connections.taken) == 2
    connections.leave(first)
    assert connections.sign_in(header, None) in connections.clients
    for client in connections.clients:
        connections.leave(client)
    assert connections.clients == []
    assert not connections._sessions
    assert not connections._clients


def test_a_process_takes_so_many_connections_signed_in_or_not(connections: Counted) -> None:
    for _ in range(3):
        connections.reserve()
    with pytest.raises(ServerBusy):
        connections.reserve()
    connections.release()
    connections.reserve()
    assert connections.count == 3


def test_nobody_gets_in_with_a_token_that_is_no_good(connections: Counted) -> None:
    with pytest.raises(NotSignedIn):
        connections.sign_in(b"", None)
    with pytest.raises(AccessTokenInvalid):
        connections.sign_in(b"Bearer x", None)
    due = Principal(new_id(), "admin", new_id(), role="Viewer", second_factor_due=True)
    with pytest.raises(SecondFactorRequired):
        connections.sign_in(connections.header(due), None)
    assert connections.taken == []


def test_an_ended_session_ends_its_connections_and_no_others(connections: Counted) -> None:
    principal = make_principal()
    other = Principal(principal.user_id, principal.kind, new_id())
    ended = connections.sign_in(connections.header(principal), None)
    stays = connections.sign_in(connections.header(other), None)
    connections.gate.end([principal.session_id])
    assert isinstance(ended.problem, SessionEnded)
    assert not stays.ended
    # With a token of another session, the connection belongs to that one.
    moved = Principal(principal.user_id, principal.kind, new_id())
    connections.renew(stays, connections.header(moved))
    connections.gate.end([other.session_id])
    assert not stays.ended
    connections.gate.end([moved.session_id])
    assert stays.ended


def test_a_fresh_token_is_the_same_persons(connections: Counted) -> None:
    client = connections.sign_in(connections.header(make_principal()), None)
    before = client.expires_at
    with pytest.raises(AccessTokenInvalid):
        connections.renew(client, connections.header(make_principal()))
    assert client.expires_at == before


def test_a_server_that_stops_ends_all_and_takes_nobody(connections: Counted) -> None:
    header = connections.header(make_principal())
    client = connections.sign_in(header, None)
    connections.stop()
    assert isinstance(client.problem, ServerRestarting)
    with pytest.raises(ServerRestarting):
        connections.sign_in(header, None)
    with pytest.raises(ServerRestarting):
        connections.check_room()
    pauses = {connections.reconnect_after_seconds() for _ in range(50)}
    assert len(pauses) > 10
    assert all(0 <= pause <= 5 for pause in pauses)
