"""A server in a process of its own, for tests that kill or trace it: DATA as argument, says what a client needs as JSON."""

import asyncio
import json
import os
import sys
from pathlib import Path

import uvloop

from inmost_server.edge.rates import RATES, Rate
from server.kit.people import Device, Key, Person
from server.kit.running import Running

FAST = {kind: Rate(per_second=1e9, burst=10**9) for kind in RATES}


async def main(data: Path, people: int) -> None:
    """Make an owner and bots in a new data directory, or go on with those that were made before."""
    running = await Running(data, rates=FAST).start()
    known = data / "people.json"
    if not known.exists():
        await running.owner()
        bots = [await running.invited(f"bot{n}", is_bot=True) for n in range(people)]
        known.write_text(json.dumps([_kept(bot) for bot in bots]))
    devices = [_device(running, kept) for kept in json.loads(known.read_text())]
    said = {
        "address": running.address,
        "server_key": running.server.organisation.server_key.public.hex(),
        "org": running.server.organisation.org.hex(),
        "devices": [
            {**kept, "token": running.token(device)}
            for kept, device in zip(json.loads(known.read_text()), devices, strict=True)
        ],
    }
    os.write(1, json.dumps(said).encode() + b"\n")
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    await running.stop()


def _kept(person: Person) -> dict[str, str]:
    device = person.device
    return {"user": device.user.hex(), "sig": device.sig.seed.hex(), "auth": device.auth.seed.hex()}


def _device(running: Running, kept: dict[str, str]) -> Device:
    return device_of(running.server.organisation.org, kept)


def device_of(org: bytes, kept: dict[str, str]) -> Device:
    """A device from what was said of it."""
    sig, auth = Key(bytes.fromhex(kept["sig"])), Key(bytes.fromhex(kept["auth"]))
    return Device(org, bytes.fromhex(kept["user"]), 0, sig, auth)


if __name__ == "__main__":
    uvloop.run(main(Path(sys.argv[1]), int(sys.argv[2])))
