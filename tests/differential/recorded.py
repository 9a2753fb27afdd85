"""The command `inmost` with its engine recorded: python -m tests.differential.recorded FOLDER ARGUMENT..."""

import functools
import runpy
import sys
from pathlib import Path

from inmost_engine import client
from tests.differential.recorder import Recording

if __name__ == "__main__":
    client.Engine = functools.partial(Recording, folder=Path(sys.argv.pop(1)))
    runpy.run_module("inmost_cli.main", run_name="__main__", alter_sys=True)
