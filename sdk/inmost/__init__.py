"""Inmost's Python SDK: a client that keeps everything sealed between people, and bots in ten lines.

from inmost import Bot, Client
"""

from inmost.bot import Bot
from inmost.client import Client
from inmost.errors import InmostError
from inmost.joining import Answers, Joined, SecondFactor, join
from inmost.models import Alarm, Conversation, Device, Me, Message, OpenChannel, Person, Reaction, Sent
from inmost.polls import Poll, Vote
from inmost.returning import recover
from inmost.sharing import Thread
from inmost.store import Custody, SearchHit

__all__ = [
    "Alarm",
    "Answers",
    "Bot",
    "Client",
    "Conversation",
    "Custody",
    "Device",
    "InmostError",
    "Joined",
    "Me",
    "Message",
    "OpenChannel",
    "Person",
    "Poll",
    "Reaction",
    "SearchHit",
    "SecondFactor",
    "Sent",
    "Thread",
    "Vote",
    "join",
    "recover",
]
