"""A server whose PostgreSQL goes away: clear refusals, nothing lost, and back by itself."""

import asyncio

import httpx2
import pytest
from websockets.exceptions import ConnectionClosed

from inmost_protocol.conversations import FetchLog
from inmost_server.store import store_when_there
from server.kit.running import Running
from server.kit.signing_in import Rest
from server.kit.wire import new_id

PATIENCE_S = 60.0


@pytest.fixture
async def server(tmp_path, cluster):
    with cluster.fresh() as url:
        async with Rest(tmp_path, url) as server:
            yield server


async def until_well(server: Running) -> None:
    async with asyncio.timeout(PATIENCE_S), httpx2.AsyncClient(base_url=server.address) as http:
        while (await http.get("/health")).status_code != 200:
            await asyncio.sleep(0.05)


async def test_while_postgresql_is_away_everybody_is_told_so_and_afterwards_everything_goes_on(
    server, cluster
):
    owner = await server.owner()
    talker = await server.connect(owner)
    room = await talker.create()
    before = await talker.send(room)
    await asyncio.to_thread(cluster.kill)

    message = talker.message(room)
    with pytest.raises((ConnectionError, ConnectionClosed)):
        await talker.wire.ask(message)
    goodbye = await talker.wire.closed()
    assert goodbye.code == "unavailable"

    health = await server.http.get("/health")
    assert (health.status_code, health.json()["code"]) == (503, "Unavailable")
    assert int(health.headers["retry-after"]) >= 1
    nonce = await server.challenge(owner.device.id)
    signing_in = await server.post("sessions", server.signed(owner.device, nonce))
    assert (signing_in.status_code, signing_in.json()["code"]) == (503, "Unavailable")
    newcomer = await server.wire()
    with pytest.raises((ConnectionError, ConnectionClosed)):
        await newcomer.open(server.token(owner.device))
    assert (await newcomer.closed()).code == "unavailable"

    await asyncio.to_thread(cluster.start)
    await until_well(server)
    again = await server.connect(owner)
    accepted = await again.wire.ask(message)
    assert accepted.n == before.n + 1
    assert (await again.wire.ask(message)).n == accepted.n
    page = await again.wire.ask(FetchLog(new_id(), room, 0, 10, without_messages=False))
    assert page.next_n == accepted.n + 1


async def test_a_server_that_starts_before_its_postgresql_says_why_it_waits_and_goes_on(cluster):
    with cluster.fresh() as url:
        await asyncio.to_thread(cluster.kill)
        said: asyncio.Queue[str] = asyncio.Queue()
        opening = asyncio.ensure_future(store_when_there(url, said.put_nowait))
        assert "connection to server" in await asyncio.wait_for(said.get(), PATIENCE_S)
        await asyncio.to_thread(cluster.start)
        store = await asyncio.wait_for(opening, PATIENCE_S)
        store.close()


async def test_a_commit_whose_answer_was_lost_is_delivered_to_nobody_twice(server, cluster):
    """The device that asked asks again on its next connection, and gets the first answer."""
    owner = await server.owner()
    talker = await server.connect(owner)
    room = await talker.create()
    messages = [talker.message(room) for _ in range(200)]
    answers = [asyncio.ensure_future(talker.wire.ask(message)) for message in messages]
    await answers[20]
    await asyncio.to_thread(cluster.kill)
    await asyncio.gather(*answers, return_exceptions=True)
    await asyncio.to_thread(cluster.start)
    await until_well(server)
    again = await server.connect(owner)
    settled = [(await again.wire.ask(message)).n for message in messages]
    assert settled == list(range(1, 201))
    for answer, n in zip(answers, settled, strict=True):
        assert answer.exception() is not None or answer.result().n == n
