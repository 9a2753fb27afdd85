"""The types of the server's REST routes are those of its own description."""

import hashlib
import json
from pathlib import Path

ROOT = Path(__file__).parents[2]
MADE = ROOT / "web/src/rest/generated"


def test_the_types_of_the_rest_routes_are_current():
    made = json.loads((MADE / "made.json").read_text())
    now = {
        "description": hash_of(ROOT / "docs/protocol/openapi.json"),
        "types": hash_of(MADE / "types.gen.ts"),
    }
    assert made == now, "they are made with: cd web && npm run rest"


def hash_of(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
