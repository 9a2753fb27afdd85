"""The first slice: two people, two real processes, one sealed message through the real server."""

from pathlib import Path

from tests.story.world import World


def test_two_people_exchange_a_message_through_the_real_server(tmp_path: Path) -> None:
    with World(tmp_path) as world:
        anna = world.owner("anna")
        bob = world.invited("bob", by=anna)
        with bob.listening() as ears:
            anna.run("send", "@bob", "The harbour lights go out at nine.")
            heard = ears.hears("The harbour lights go out at nine.")
        assert heard["sender"] == anna.account
        bob.run("send", f"@{anna.account}", "Then I bring a torch.")
        said = [record["text"] for record in anna.history("@bob") if record["type"] == "text"]
        assert said == ["The harbour lights go out at nine.", "Then I bring a torch."]
