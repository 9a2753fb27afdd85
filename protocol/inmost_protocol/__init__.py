"""What crosses the wire between an Inmost engine and a server, as msgspec structs (docs/protocol/frames.md)."""

from typing import Any, Final

import msgspec

from inmost_protocol import conversations, devices, directory, frames, messages

REQUESTS: Final = (
    frames.Open,
    directory.AppendEntry,
    directory.FetchDirectory,
    conversations.CreateConversation,
    conversations.Commit,
    conversations.Propose,
    conversations.PutLink,
    conversations.Complain,
    conversations.FetchLog,
    conversations.FetchLinks,
    conversations.FetchGroup,
    conversations.FetchTree,
    conversations.TakeWelcome,
    conversations.FetchOnline,
    conversations.Sync,
    messages.Send,
    messages.Delete,
    messages.PutReceipt,
    messages.FetchReceipts,
    messages.Signal,
    devices.PublishKeyPackages,
    devices.ClaimKeyPackages,
    devices.PutVault,
    devices.PutVaultRows,
    devices.FetchVault,
)
ANSWERS: Final = (
    frames.Done,
    frames.Opened,
    frames.Refused,
    directory.Appended,
    directory.DirectoryPage,
    conversations.Accepted,
    conversations.LogPage,
    conversations.Links,
    conversations.Group,
    conversations.Tree,
    conversations.Online,
    conversations.Synced,
    messages.Receipts,
    devices.Published,
    devices.KeyPackages,
    devices.Vault,
)
EVENTS: Final = (
    frames.Goodbye,
    directory.DirectoryItem,
    conversations.Item,
    conversations.Welcomed,
    messages.Deleted,
    messages.Receipt,
    messages.Signalled,
    devices.KeyPackagesLow,
)

encode = msgspec.msgpack.Encoder().encode


def _union(kinds: tuple[type, ...]) -> object:
    union: Any = kinds[0]
    for kind in kinds[1:]:
        union = union | kind
    return union


decode_request = msgspec.msgpack.Decoder(_union(REQUESTS)).decode
decode_told = msgspec.msgpack.Decoder(_union(ANSWERS + EVENTS)).decode
