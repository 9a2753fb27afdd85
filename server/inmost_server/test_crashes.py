"""The server in a process of its own: killed in the middle of everything, and traced down to the disk."""

import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from inmost_protocol.conversations import FetchLog
from server.kit.serve import device_of
from server.kit.wire import Talker, Wire, new_id

SENDERS = 20
MESSAGES = 2_000


class Process:
    """server.kit.serve, running."""

    def __init__(self, data: Path, people: int, *before: str) -> None:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        self.process = subprocess.Popen(
            [*before, sys.executable, "-m", "server.kit.serve", str(data), str(people)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            cwd=Path(__file__).parents[2],
        )
        assert self.process.stdout is not None
        self.said = json.loads(self.process.stdout.readline())

    async def talkers(self) -> list[Talker]:
        org, key = bytes.fromhex(self.said["org"]), bytes.fromhex(self.said["server_key"])
        talkers = []
        for kept in self.said["devices"]:
            wire = await Wire.to(self.said["address"])
            await wire.open(kept["token"])
            talkers.append(Talker(device_of(org, kept), wire, key))
        return talkers

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self._end()

    def stop(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()
        self._end()

    def _end(self) -> None:
        self.process.wait(20)
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.stdout.close()


async def log_of(talker, room):
    items = []
    while True:
        page = await talker.wire.ask(FetchLog(new_id(), room, len(items), 200, without_messages=False))
        items += page.items
        if len(items) >= page.next_n:
            return items


@pytest.mark.parametrize("after", [200, 1_100])
async def test_everything_acknowledged_before_kill_9_is_there_once_and_in_order(tmp_path, after):
    process = Process(tmp_path, SENDERS)
    talkers = await process.talkers()
    rooms = [await talker.create() for talker in talkers]
    acknowledged = {room: {} for room in rooms}
    sent = {room: [] for room in rooms}
    count = 0

    async def talk(talker, room):
        nonlocal count
        for _ in range(MESSAGES // SENDERS):
            message = talker.message(room)
            sent[room].append(message)
            try:
                answer = await talker.wire.ask(message)
            except (ConnectionError, OSError, TimeoutError):
                return
            except Exception as error:
                if type(error).__name__.startswith("ConnectionClosed"):
                    return
                raise
            acknowledged[room][answer.n] = message.sealed
            count += 1
            if count == after:
                process.kill()

    await asyncio.gather(*(talk(talker, room) for talker, room in zip(talkers, rooms, strict=True)))
    for talker in talkers:
        await talker.wire.close()
    assert count >= after
    process = Process(tmp_path, SENDERS)
    again = await process.talkers()
    for talker, before, room in zip(again, talkers, rooms, strict=True):
        talker.groups = before.groups
        # What was sent and not answered is sent again, as an outbox does.
        for message in sent[room]:
            await talker.wire.ask(message)
        items = await log_of(talker, room)
        assert [item.n for item in items] == list(range(len(items)))
        assert [item.entry for item in items[1:]] == [message.sealed for message in sent[room]]
        assert all(items[n].entry == sealed for n, sealed in acknowledged[room].items())
        await talker.wire.close()
    process.stop()


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
async def test_the_disk_has_a_message_before_it_is_acknowledged(tmp_path):
    trace = tmp_path / "trace"
    calls = "trace=fsync,fdatasync,write,writev,sendto,sendmsg"
    process = Process(
        tmp_path / "data", 1, "strace", "-f", "-yy", "-x", "-s", "64", "-e", calls, "-o", str(trace)
    )
    (talker,) = await process.talkers()
    room = await talker.create()
    for _ in range(20):
        await talker.send(room)
    await talker.wire.close()
    process.stop()
    # A frame of Accepted: an unmasked binary message, an array of 5, tag 120, then the request's id.
    accepted = re.compile(r'TCP.*"\\x82.*\\x95\\x78\\xc4\\x10|TCP.*"\\x82.\\x95x\\xc4\\x10')
    synced = False
    answers = 0
    for line in trace.read_text().splitlines():
        if re.search(r"(fsync|fdatasync)(\(.*inmost\.db-wal.*\)| resumed>.*\)) += 0", line):
            synced = True
        elif accepted.search(line):
            assert synced, line
            answers += 1
            synced = False
    assert answers == 21
