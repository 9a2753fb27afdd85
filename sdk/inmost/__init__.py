"""Inmost's Python SDK: a client that keeps everything sealed between people, and bots in ten lines.

from inmost import Bot, Client
"""

from inmost.bot import Bot
from inmost.client import Client
from inmost.errors import InmostError
from inmost.factors import Assertion, Credential, Password, StepUp
from inmost.joining import Answers, Joined, SecondFactor, join
from inmost.models import Alarm, Conversation, Device, Me, Message, OpenChannel, Person, Reaction, Sent
from inmost.passkeys import Passkeys
from inmost.polls import Poll, Vote
from inmost.returning import recover, recover_with_passkey
from inmost.server import Passkey
from inmost.sharing import Thread
from inmost.store import Custody, SearchHit

__all__ = [
    "Alarm",
    "Answers",
    "Assertion",
    "Bot",
    "Client",
    "Conversation",
    "Credential",
    "Custody",
    "Device",
    "InmostError",
    "Joined",
    "Me",
    "Message",
    "OpenChannel",
    "Passkey",
    "Passkeys",
    "Password",
    "Person",
    "Poll",
    "Reaction",
    "SearchHit",
    "SecondFactor",
    "Sent",
    "StepUp",
    "Thread",
    "Vote",
    "join",
    "recover",
    "recover_with_passkey",
]
