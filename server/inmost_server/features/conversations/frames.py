"""Frames of conversations: which there are, who may send them, what does them."""

from inmost_protocol import conversations as frames
from inmost_server.access import DEVICES
from inmost_server.features.conversations.commits import Commits
from inmost_server.features.conversations.reading import Reading
from inmost_server.peer import Handled

CHANGES, READING = "changes", "reading"


def handled(commits: Commits, reading: Reading) -> list[Handled]:
    member = DEVICES.where("a leaf in the conversation")
    reader = DEVICES.where("a leaf, who may join by external commit, or a removed device up to its removal")
    return [
        Handled(
            frames.CreateConversation,
            DEVICES.where("its own leaf only; kinds as the role allows"),
            CHANGES,
            commits.create,
        ),
        Handled(frames.Commit, DEVICES.where("commit_allowed"), CHANGES, commits.commit),
        Handled(frames.Propose, member.where("its own leaf"), CHANGES, commits.propose),
        Handled(frames.PutLink, member, CHANGES, reading.put_link),
        Handled(frames.Complain, member, CHANGES, reading.complain),
        Handled(frames.FetchLog, reader, READING, reading.log_page),
        Handled(frames.FetchLinks, reader, READING, reading.links),
        Handled(
            frames.FetchGroup,
            DEVICES.where("a leaf, or who may join by external commit"),
            READING,
            reading.group,
        ),
        Handled(
            frames.FetchTree,
            DEVICES.where("a leaf, or a Welcome of that epoch waits"),
            READING,
            reading.tree,
        ),
        Handled(frames.TakeWelcome, DEVICES.where("its own Welcome"), READING, reading.take_welcome),
        Handled(frames.FetchOnline, member, READING, reading.online),
    ]
