"""Where a setting comes from, and which one wins."""

from pathlib import Path

import msgspec
import pytest

from inmost_server.settings import Settings, load


def test_the_command_line_wins_over_the_environment_and_that_over_the_file(tmp_path):
    (tmp_path / "inmost.toml").write_text('port = 1\ndomain = "file.test"\nlog_level = "debug"\n')
    found = load(
        tmp_path, {"port": 3, "domain": None}, {"INMOST_PORT": "2", "INMOST_DOMAIN": "environment.test"}
    )
    assert (found.port, found.domain, found.log_level) == (3, "environment.test", "debug")


def test_lists_and_paths_can_be_given_in_the_environment(tmp_path):
    found = load(
        tmp_path,
        {},
        {
            "INMOST_ORIGINS": "https://a.test,https://b.test",
            "INMOST_TRUSTED_PROXIES": "10.0.0.1",
            "INMOST_CERTIFICATE": "/etc/inmost/chain.pem",
        },
    )
    assert found.origins == ("https://a.test", "https://b.test")
    assert found.trusted_proxies == ("10.0.0.1",)
    assert found.certificate == Path("/etc/inmost/chain.pem")


@pytest.mark.parametrize("text", ["prot = 1\n", 'port = "no number"\n', "origins = 7\n"])
def test_a_mistake_in_the_file_is_said_and_not_passed_over(tmp_path, text):
    (tmp_path / "inmost.toml").write_text(text)
    with pytest.raises(msgspec.ValidationError):
        load(tmp_path, {}, {})


def test_a_proxy_does_tls_and_the_name_is_what_people_see():
    found = Settings(data=Path("/nowhere"), domain="chat.test", trusted_proxies=("10.0.0.1",))
    assert (found.tls, found.accepted_origins) == ("proxy", ("https://chat.test",))
