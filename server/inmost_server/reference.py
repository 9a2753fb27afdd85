"""The REST API as a page for people: plain HTML made from its description, with no script, and nothing loaded from anywhere."""

import hashlib
import json
from base64 import b64encode
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any, Final

STYLE: Final = """
:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:1rem 1.5rem 4rem}
h1,h2,h3{line-height:1.2}h2{margin-top:3rem}h3{margin-top:2.5rem;font-size:1rem;overflow-wrap:anywhere}
code,pre{font:.9em ui-monospace,monospace}pre{overflow-x:auto;padding:.75rem;border:1px solid #8886;border-radius:.4rem}
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.3rem .75rem .3rem 0;border-bottom:1px solid #8884}
.method{display:inline-block;min-width:4.5rem;font-weight:700}.who{opacity:.8}
:target{outline:2px solid;outline-offset:.3rem}
"""
# The page may have this style and nothing else: no script, no picture, no font, no request.
STYLE_HASH: Final = b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{STYLE_HASH}'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
METHODS: Final = ("get", "post", "put", "patch", "delete")


def page(schema: Mapping[str, Any]) -> str:
    """The whole page of a description that openapi.described() made."""
    info = schema["info"]
    paragraphs = "".join(f"<p>{_marked(text)}</p>" for text in info["description"].split("\n\n"))
    operations = "".join(
        _operation(method, path, item[method])
        for path, item in sorted(schema["paths"].items())
        for method in METHODS
        if method in item
    )
    schemas = schema["components"]["schemas"]
    shapes = "".join(_shape(name, schemas[name]) for name in sorted(schemas))
    problems = "".join(_problem(problem) for problem in schema["x-problems"])
    return (
        "<!doctype html><html lang=en><head><meta charset=utf-8>"
        '<meta name=viewport content="width=device-width,initial-scale=1">'
        f"<title>{escape(info['title'])}: REST API</title><style>{STYLE}</style></head><body><main>"
        f"<h1>{escape(info['title'])}: REST API, version {escape(info['version'])}</h1>{paragraphs}"
        '<p>The same for programs: <a href="/api/v1/schema/openapi.json">openapi.json</a> (OpenAPI 3.1).</p>'
        f"<h2>Requests</h2>{operations}<h2>Shapes</h2>{shapes}"
        "<h2>Problems</h2><table><thead><tr><th>code<th>status<th>what to do</thead>"
        f"<tbody>{problems}</tbody></table></main></body></html>\n"
    )


def _operation(method: str, path: str, operation: Mapping[str, Any]) -> str:
    body = operation.get("requestBody", {}).get("content", {})
    takes = "".join(f"<p>Takes {_link(kind['schema'])}</p>" for kind in body.values())
    only = f", {escape(operation['x-only'])}" if "x-only" in operation else ""
    who = f"<p class=who>For: {escape(', '.join(operation['x-callers']))}{only}</p>"
    rows = "".join(_parameter(parameter) for parameter in operation.get("parameters", ()))
    parameters = f"<table><tbody>{rows}</tbody></table>" if rows else ""
    answers = "".join(
        f"<tr><td>{escape(status)}<td>{_answer(response)}"
        for status, response in operation["responses"].items()
    )
    words = operation.get("description") or operation.get("summary") or ""
    return (
        f'<section id="{escape(operation["operationId"])}"><h3><span class=method>{method.upper()}</span>'
        f"<code>{escape(path)}</code></h3><p>{_marked(words)}</p>{who}{parameters}{takes}"
        f"<table><tbody>{answers}</tbody></table></section>"
    )


def _parameter(parameter: Mapping[str, Any]) -> str:
    needed = "" if parameter.get("required") else ", may be left out"
    return f"<tr><td><code>{escape(parameter['name'])}</code><td>in the {escape(parameter['in'])}{needed}"


def _answer(response: Mapping[str, Any]) -> str:
    shapes = [_link(kind["schema"]) for kind in response.get("content", {}).values() if "schema" in kind]
    return escape(response.get("description", "")) + "".join(f" {shape}" for shape in shapes)


def _link(schema: Mapping[str, Any]) -> str:
    names = sorted(_names(schema))
    if not names:
        return f"<code>{escape(json.dumps(schema))}</code>"
    return ", ".join(f'<a href="#{escape(name)}"><code>{escape(name)}</code></a>' for name in names)


def _names(schema: Any) -> Iterator[str]:
    """The shapes that are referred to anywhere in a schema."""
    if isinstance(schema, Mapping):
        if "$ref" in schema:
            yield str(schema["$ref"]).rpartition("/")[2]
        for value in schema.values():
            yield from _names(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _names(value)


def _shape(name: str, schema: Mapping[str, Any]) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(field)}</code><td>{_kind(kind)}"
        f"<td>{'' if field in schema.get('required', ()) else 'may be left out'}"
        for field, kind in schema.get("properties", {}).items()
    )
    words = _marked(schema.get("description") or "")
    return f'<section id="{escape(name)}"><h3>{escape(name)}</h3><p>{words}</p><table><tbody>{rows}</tbody></table></section>'


def _kind(schema: Mapping[str, Any]) -> str:
    if any(True for _ in _names(schema)):
        return ("list of " if schema.get("type") == "array" else "") + _link(schema)
    if "oneOf" in schema:
        return " or ".join(_kind(one) for one in schema["oneOf"])
    limits = {key: schema[key] for key in ("maxLength", "minimum", "maximum") if key in schema}
    said = "".join(f", {escape(key)} {escape(str(value))}" for key, value in limits.items())
    return escape(str(schema.get("type", "any"))) + said


def _problem(problem: Mapping[str, Any]) -> str:
    code = escape(problem["code"])
    return f'<tr id="{code}"><td><code>{code}</code><td>{problem["status"]}<td>{_marked(problem["what_to_do"] or "")}'


def _marked(text: str) -> str:
    """Text with `code` in it."""
    parts = escape(text).split("`")
    return "".join(f"<code>{part}</code>" if at % 2 else part for at, part in enumerate(parts))
