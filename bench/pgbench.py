"""PostgreSQL alone: what pgbench, its own client, commits one row at a time."""

import re
import subprocess
import tempfile
from pathlib import Path

import psycopg

from bench.figure import Figure, of_runs
from server.kit.cluster import binary

SECONDS = 4
CLIENT_CORE = "1"
# About as long as a sealed message of the other figure.
ROW_BYTES = 500
SCRIPT = f"INSERT INTO rows (what) VALUES (decode(repeat('ab', {ROW_BYTES}), 'hex'));\n"


def single_row_commits(url: str, clients: int, runs: int) -> Figure:
    """Commits a second of so many clients, each with one insert in flight."""
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS rows (n BIGSERIAL PRIMARY KEY, what BYTEA)")
    with tempfile.TemporaryDirectory(prefix="inmost-bench-") as folder:
        script = Path(folder) / "insert.sql"
        script.write_text(SCRIPT)
        rates = [_rate(url, clients, script) for _ in range(runs)]
    note = f"peer in the same run: pgbench, {ROW_BYTES} bytes a row, PostgreSQL on the server's core"
    return of_runs(f"pgbench_{clients}", rates, "a second", better="higher", note=note)


def _rate(url: str, clients: int, script: Path) -> float:
    command = [
        "taskset",
        "-c",
        CLIENT_CORE,
        binary("pgbench"),
        "--no-vacuum",
        "--protocol",
        "prepared",
        "--client",
        str(clients),
        "--time",
        str(SECONDS),
        "--file",
        str(script),
        url,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = re.search(r"tps = ([0-9.]+)", done.stdout)
    if found is None:
        raise RuntimeError(done.stdout)
    return float(found[1])
