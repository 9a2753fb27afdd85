"""The frozen vectors of protocol/vectors/v1, read through the binding as the server reads them."""

import base64
import json
import os
from pathlib import Path

import pytest

from inmost_engine import public
from inmost_protocol import limits

ROOT = Path(__file__).parents[2]


def read(name: str) -> dict:
    return json.loads((ROOT / "protocol/vectors/v1" / name).read_text())


def raw(text: str | None) -> bytes | None:
    return None if text is None else bytes.fromhex(text)


def test_the_directory_says_the_same_in_python_as_in_rust():
    vectors = read("directory.json")
    directory = public.Directory(raw(vectors["org"]), raw(vectors["owner_seed_public"]))
    for n, expected in enumerate(vectors["entries"]):
        entry = raw(expected["entry"])
        checked = directory.check(entry)
        assert directory.next_n == n
        applied = directory.apply(entry)
        assert (applied.n, applied.hash, applied.kind) == (n, raw(expected["hash"]), expected["kind"])
        assert (checked.hash, applied.user) == (applied.hash, raw(expected["user"]))
        assert applied.inactive_devices == [raw(device) for device in expected["inactive_devices"]]
        assert applied.second_claim == expected["second_claim"]
        assert directory.hash_at(n) == applied.hash
    for refused in vectors["refused"]:
        with pytest.raises(public.Refused) as caught:
            directory.apply(raw(refused["entry"]))
        assert caught.value.code == refused["code"], refused["name"]
        assert caught.value.words
        assert caught.value.current_epoch is None
    snapshot = directory.snapshot()
    assert public.Directory.load(snapshot).snapshot() == snapshot
    owner = directory.user_by_account("olga")
    assert owner is not None
    assert (owner.role, owner.level, owner.inviter, owner.suspended) == ("owner", "owner", None, False)
    assert directory.is_active(directory.active_devices_of(owner.user)[0])
    suspended = [user for user in directory.users() if user.suspended]
    assert len(suspended) == 2, "the second claim suspends both"
    for user in suspended:
        assert directory.active_devices_of(user.user) == []
        assert all(directory.cause(device.device) is not None for device in directory.devices_of(user.user))


def test_ids_logs_and_headers_are_the_same_in_python_as_in_rust():
    vectors = read("public.json")
    org, user, device = raw(vectors["org"]), raw(vectors["user"]), raw(vectors["device"])
    place = raw(vectors["conversation"]), raw(vectors["group"])
    assert public.device_id(raw(vectors["sig_public"]), raw(vectors["auth_public"])) == device
    assert public.general_conversation(org) == raw(vectors["general_conversation"])
    assert public.personal_conversation(org, user) == raw(vectors["personal_conversation"])
    start = public.log_start(*place)
    assert start == raw(vectors["log_start"])
    assert public.log_next(start, 0, public.KIND_CREATE, public.digest(b"entry")) == raw(vectors["log_next"])
    assert public.create_entry(place[1], b"\1\2\3", device) == raw(vectors["create_entry"])
    assert public.commit_entry(3, b"\1\2\3") == raw(vectors["commit_entry"])
    assert public.proposal_entry(3, b"\1\2\3", 12) == raw(vectors["proposal_entry"])
    assert public.proposal_entry(3, b"\1\2\3", None) == raw(vectors["self_remove_entry"])
    sealed = raw(vectors["sealed"])
    assert public.check_sealed(sealed, *place, 3, device, 1) == raw(vectors["message"])
    assert public.sealed_epoch(sealed) == vectors["epoch"]
    with pytest.raises(public.Refused, match="WrongPlace"):
        public.check_sealed(sealed, *place, 4, device, 1)
    link = public.parse_link_fragment(vectors["invitation_link"])
    assert (link.org, link.account, link.seed) == (org, "alice", raw(vectors["invitation_seed"]))
    base64.urlsafe_b64decode(vectors["invitation_link"] + "===")


def test_a_sign_in_verifies_once_changed_it_does_not():
    vectors = read("public.json")
    sign_in = vectors["sign_in"]
    fields = [
        raw(vectors["org"]),
        sign_in["origin"],
        raw(sign_in["server_nonce"]),
        raw(sign_in["client_nonce"]),
        raw(vectors["device"]),
        sign_in["time_ms"],
        raw(vectors["auth_public"]),
        raw(sign_in["signature"]),
    ]
    public.verify_sign_in(*fields)
    fields[1] += "."
    with pytest.raises(public.Refused, match="BadSignature"):
        public.verify_sign_in(*fields)


def test_a_group_is_followed_by_its_rows_from_python():
    vectors = read("group.json")
    directory = public.Directory(raw(vectors["org"]))
    for entry in vectors["entries"]:
        directory.apply(raw(entry))
    place, now_ms = (raw(vectors["conversation"]), raw(vectors["group"])), vectors["now_ms"]
    group, changes = public.Group.create(
        *place, raw(vectors["group_info"]), raw(vectors["tree"]), raw(vectors["creator"]), directory, now_ms
    )
    rows = dict(changes)
    for sent in vectors["commits"]:
        uploaded = [raw(sent[name]) for name in ("group_info", "welcome", "link")]
        checked = group.check(raw(sent["commit"]), directory, now_ms, *uploaded)
        for key, value in group.merge(checked):
            if value is None:
                del rows[key]
            else:
                rows[key] = value
        with pytest.raises(public.Refused, match="StaleEpoch") as caught:
            group.merge(checked)
        assert caught.value.current_epoch == checked.epoch == group.epoch
        group = public.Group.load(raw(vectors["org"]), *place, list(rows.items()))
        assert [device for _, _, device in group.roster()] == [raw(device) for device in sent["roster"]]
        assert public.digest(group.tree()) == raw(sent["tree_digest"])
    assert group.settings.kind == "group"
    key = public.ServerKey.generate(bytes([99] * 32))
    assert key.public == directory.server_key()
    proposal, changes = group.propose_remove(raw(vectors["creator"]), key)
    assert proposal
    assert changes
    assert group.pending() == [(raw(vectors["creator"]), True)]


def test_rust_and_python_name_the_same_limits():
    source = (ROOT / "engine/public/src/limits.rs").read_text()
    found = {}
    for line in source.splitlines():
        if line.startswith("pub const "):
            name, value = line.removeprefix("pub const ").rstrip(";").split(" = ")
            factors = [int(factor.replace("_", "")) for factor in value.split(" * ")]
            found[name.split(":")[0]] = (
                factors[0] if len(factors) == 1 else factors[0] * factors[1] * (factors[2:] or [1])[0]
            )
    assert found == {name: value for name, value in vars(limits).items() if name.isupper()}


def test_what_is_not_bytes_is_a_type_error_and_random_bytes_are_refused():
    directory = public.Directory(bytes(16))
    with pytest.raises(TypeError):
        directory.apply("text")
    for size in range(200):
        with pytest.raises(public.Refused):
            directory.apply(os.urandom(size))
        with pytest.raises(public.Refused):
            public.check_sealed(os.urandom(size + 96), bytes(16), bytes(16), 1, bytes(16), 1)
        with pytest.raises(public.Refused):
            public.Group.create(
                bytes(16), bytes(16), os.urandom(size), os.urandom(size), bytes(16), directory, 0
            )
