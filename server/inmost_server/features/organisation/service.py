"""The organisation's id and the server's own secrets, made at the first start."""

import os
from dataclasses import dataclass

from inmost_engine.public import ServerKey, seed_public
from inmost_server.features.organisation import store as rows
from inmost_server.store import Reader, Store, Tx


@dataclass(frozen=True, slots=True)
class Organisation:
    """org: its id. server_key: signs the server's only proposal, Remove. count_key: keys what is only ever compared."""

    org: bytes
    server_key: ServerKey
    count_key: bytes
    owner_seed_public: bytes | None
    owner_invitation: bytes | None


@dataclass(frozen=True, slots=True)
class OwnerInvitation:
    """The owner's one-time link is made of this; only the seed's public half is kept."""

    invitation: bytes
    seed: bytes


async def open_organisation(store: Store) -> Organisation:
    """The organisation in this store, made now if there is none."""
    found = await store.read(_read)
    return found if found is not None else await store.write(_create)


async def invite_owner(store: Store) -> OwnerInvitation:
    """A new seed for entry 0, in place of the one before: an owner's link is worth something until the next is printed."""
    made = OwnerInvitation(os.urandom(16), os.urandom(32))

    def keep(tx: Tx) -> None:
        rows.put(tx, rows.OWNER_SEED_PUBLIC, seed_public(made.seed))
        rows.put(tx, rows.OWNER_INVITATION, made.invitation)

    await store.write(keep)
    return made


def _read(reader: Reader) -> Organisation | None:
    org, seed, count_key = (rows.get(reader, name) for name in (rows.ORG, rows.SERVER_KEY, rows.COUNT_KEY))
    if org is None or seed is None or count_key is None:
        return None
    owner_seed, invitation = rows.get(reader, rows.OWNER_SEED_PUBLIC), rows.get(reader, rows.OWNER_INVITATION)
    return Organisation(org, ServerKey(seed), count_key, owner_seed, invitation)


def _create(tx: Tx) -> Organisation:
    rows.put(tx, rows.ORG, os.urandom(16))
    rows.put(tx, rows.SERVER_KEY, os.urandom(32))
    rows.put(tx, rows.COUNT_KEY, os.urandom(32))
    made = _read(tx)
    assert made is not None
    return made
