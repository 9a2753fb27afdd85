"""Sending: numbered once, without gaps, told after it is durable."""

from inmost_protocol.conversations import Item


async def test_a_message_is_accepted_with_its_number_and_comes_back_as_an_item(team):
    owner = await team.connect(team.people["owner"])
    room = await owner.create()
    message = owner.message(room)
    accepted = await owner.wire.ask(message)
    assert (accepted.conversation, accepted.n) == (room, 1)
    items = await owner.wire.next(Item, 2)
    assert [(item.n, item.kind) for item in items] == [(0, 1), (1, 4)]
    assert items[1].entry == message.sealed
    assert items[1].at_ms == accepted.at_ms
