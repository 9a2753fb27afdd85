"""A traced server: every acknowledgement leaves after the disk has said that it has the message."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.durability.organisation import organisation

MESSAGES = 25
# Whatever the server reads a request with, writes an answer with, or writes to disk with.
CALLS = "fdatasync,fsync,pwrite64,pwritev,read,recvfrom,recvmsg,readv,write,writev,sendto,sendmsg,sendmmsg"
READS = {"read", "recvfrom", "recvmsg", "readv"}
WRITES = {"write", "writev", "sendto", "sendmsg", "sendmmsg"}
HEADER_BYTES = 6  # two of a short frame's header, four of its mask
SIZE_IN_TWO_BYTES = 126
SYNCS = {"fdatasync", "fsync"}


@dataclass(frozen=True)
class Call:
    """One system call. began, returned: places in the order in which the kernel stopped the threads of the server."""

    name: str
    file: str
    text: str
    result: int
    began: int
    returned: int


def calls_in(trace: Path) -> list[Call]:
    """The calls that returned, from strace -f's output, where a call that another thread's cut in two has two lines."""
    calls: list[Call] = []
    open_calls: dict[str, tuple[int, str]] = {}
    for place, line in enumerate(trace.read_text().splitlines()):
        thread, _, rest = line.partition(" ")
        began, text = place, rest.strip()
        if resumed := re.match(r"\S+ <\.\.\. \w+ resumed>(.*)", text):
            began, head = open_calls.pop(thread, (place, ""))
            text = head + resumed[1]
        elif text.endswith("<unfinished ...>"):
            open_calls[thread] = (place, text.removesuffix("<unfinished ...>"))
            continue
        if found := re.match(r"\S+ (\w+)\(\d+<(.*?)> ?[,)](.*) = (-?\d+)", text):
            calls.append(
                Call(
                    found[1],
                    found[2] if ":" in found[2] else of_hex(found[2]).decode(),
                    found[3],
                    int(found[4]),
                    began,
                    place,
                )
            )
    return calls


async def test_every_acknowledgement_leaves_after_the_disk_has_the_message(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    strace = ("strace", "-f", "-ttt", "-yy", "-xx", "-s", "512", "-e", f"trace={CALLS}", "-o", str(trace))
    acknowledged: list[bytes] = []
    async with organisation(tmp_path, under=strace) as there:
        bot = await there.join("bot")
        await there.owner.until(lambda: len(there.owner.view("people")) == 2)
        made = await there.owner.command("create", kind="group", title="Traced", users=[there.user("bot")])
        await bot.until(lambda: bot.view("conversations"))
        for number in range(MESSAGES):
            content = {"type": "text", "text": f"number {number}", "reply_to": None, "mentions": []}
            done = await there.owner.command("send", conversation=made["conversation"], content=content)
            acknowledged.append(done["id"])
    calls = sorted(calls_in(trace), key=lambda call: call.began)
    for request in acknowledged:
        assert_synced_before(request, calls)


def assert_synced_before(request: bytes, calls: list[Call]) -> None:
    """Between the reading of the request and the first byte of its answer: the log is written, and a sync of it has returned."""
    answers = [
        call
        for call in calls
        if call.name in WRITES and call.file.startswith("TCP") and in_hex(request) in call.text
    ]
    assert answers, "the answer is not in the trace"
    answer = answers[0]
    read = [
        call
        for call in calls
        if call.name in READS
        and call.file == answer.file
        and request in unmasked(call.text)
        and call.returned < answer.began
    ][-1]
    synced = [
        call
        for call in calls
        if call.name in SYNCS
        and call.file.endswith("inmost.db-wal")
        and call.result == 0
        and read.returned < call.began
        and call.returned < answer.began
    ]
    assert synced, f"acknowledged before the disk had it: {answer}"
    written = [
        call
        for call in calls
        if call.name.startswith("pwrite")
        and call.file.endswith("inmost.db-wal")
        and read.returned < call.began
    ]
    assert written[0].returned < synced[-1].began


def unmasked(text: str) -> bytes:
    """The WebSocket frames of a client (RFC 6455 section 5.2) that one read gave, without their masks."""
    found = re.search(r'"((?:\\x[0-9a-f]{2})*)"', text)
    left = of_hex(found[1]) if found else b""
    payloads = b""
    while len(left) > HEADER_BYTES:
        size, head = left[1] & 0x7F, HEADER_BYTES
        if size == SIZE_IN_TWO_BYTES:
            size, head = int.from_bytes(left[2:4], "big"), HEADER_BYTES + 2
        mask, payload = left[head - 4 : head], left[head : head + size]
        payloads += bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload))
        left = left[head + size :]
    return payloads


def of_hex(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))


def in_hex(data: bytes) -> str:
    """As strace -xx writes it."""
    return "".join(f"\\x{byte:02x}" for byte in data)


def test_an_answer_that_left_too_early_would_be_noticed(tmp_path: Path) -> None:
    request = os.urandom(16)
    frame = b"\x82" + bytes([0x80 + len(request)]) + bytes(4) + request
    wal = in_hex(b"/data/inmost.db-wal")
    lines = [
        f'7 1.0 read(9<TCP:[a->b]>, "{in_hex(frame)}", 512) = 99',
        f'7 1.1 pwrite64(5<{wal}>, "\\x00", 512, 0) = 512',
        f"8 1.2 fdatasync(5<{wal}>) = 0",
        f'7 1.3 sendto(9<TCP:[a->b]>, "\\x82{in_hex(request)}", 99, 0, NULL, 0) = 99',
    ]
    trace = tmp_path / "trace"
    trace.write_text("\n".join(lines))
    assert_synced_before(request, calls_in(trace))
    begun, returned = lines[2].replace(") = 0", " <unfinished ...>"), "8 1.4 <... fdatasync resumed>) = 0"
    trace.write_text("\n".join([*lines[:2], begun, lines[3], returned]))
    with pytest.raises(AssertionError, match="before the disk had it"):
        assert_synced_before(request, calls_in(trace))
