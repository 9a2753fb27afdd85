"""What alarms mean, in words."""

import re
from pathlib import Path

from inmost_cli.meanings import KINDS

ALARMS = Path(__file__).parents[2] / "engine/core/src/alarms.rs"


def test_every_alarm_of_the_engine_says_what_it_means_and_what_to_do():
    kinds = re.search(r"pub enum AlarmKind \{(.*?)\}", ALARMS.read_text(), re.DOTALL)
    assert kinds is not None
    assert set(re.findall(r"^\s+(\w+),$", kinds[1], re.MULTILINE)) == set(KINDS)
    assert all(meaning and act for meaning, act in KINDS.values())
