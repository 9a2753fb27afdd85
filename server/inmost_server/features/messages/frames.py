"""Frames of messages: which there are, who may send them, what does them."""

from inmost_protocol import messages as frames
from inmost_server.access import DEVICES
from inmost_server.features.messages.posting import Posting
from inmost_server.features.messages.receipts import Aside
from inmost_server.peer import Handled

MESSAGES, READING, SIGNALS = "messages", "reading", "signals"


def handled(posting: Posting, aside: Aside) -> list[Handled]:
    fresh = "a leaf in the conversation, no removal pending, sealed since the last removal"
    poster = DEVICES.where(fresh)
    return [
        Handled(
            frames.Send,
            DEVICES.where(f"{fresh}; announcements: its owners and moderators"),
            MESSAGES,
            posting.send,
        ),
        Handled(
            frames.Delete,
            DEVICES.where("its author's user, or owner or moderator of the conversation"),
            MESSAGES,
            aside.delete,
        ),
        Handled(frames.PutReceipt, poster, MESSAGES, aside.put_receipt),
        Handled(frames.FetchReceipts, DEVICES.where("a leaf in the conversation"), READING, aside.receipts),
        Handled(frames.Signal, poster, SIGNALS, aside.signal),
    ]
