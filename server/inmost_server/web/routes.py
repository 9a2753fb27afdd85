"""The routes of the web app. Its pages are told apart by the URL's fragment, which never reaches a server."""

from typing import Any, Final

from litestar import Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from inmost_server.access import ANYONE
from inmost_server.refusals import Refusal
from inmost_server.web.files import File, Files

PAGE: Final = "index.html"
# The page itself under each path that links lead to; what stands after "#" says the rest.
PAGES: Final = ("/", "/join")
# The other files that have a place of their own; everything else is under /assets, named by what is in it.
PLACED: Final = ("sw.js", "files.json", "manifest.webmanifest", "icon.svg")
# Scripts and styles from here only, no eval but WebAssembly's, workers only through the app's one policy (Trusted Types).
POLICY: Final = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; font-src 'self'; "
    "img-src 'self' blob:; connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types inmost-worker inmost-service"
)
# A file under /assets never changes: another content has another name.
FOR_EVER: Final = "public, max-age=31536000, immutable"
ASK_AGAIN: Final = "no-cache"

_OPEN: Final[dict[str, Any]] = {"access": ANYONE.where("the same bytes for everybody")}


class NoWebApp(Refusal):
    """The operator builds it with `make web`, or starts the server with `make up`."""

    status = 404
    words = "This server was set up without the web app."


def web_routes(files: Files) -> list[HTTPRouteHandler]:
    """/, /join, /assets/..., and the files beside them."""

    async def answer(request: Request[Any, Any, Any], path: str, lasts: str) -> Response[bytes]:
        if not files.is_built:
            raise NoWebApp
        if path not in files:
            raise NotFoundException
        found = await files.file(path, request.headers.get("accept-encoding", ""))
        return _response(found, lasts, request.headers.get("if-none-match"))

    @get(list(PAGES), opt=_OPEN, include_in_schema=False)
    async def page(request: Request[Any, Any, Any]) -> Response[bytes]:
        """The page; it asks for everything else by itself."""
        return await answer(request, PAGE, ASK_AGAIN)

    @get([f"/{name}" for name in PLACED], opt=_OPEN, include_in_schema=False)
    async def placed(request: Request[Any, Any, Any]) -> Response[bytes]:
        """A file that must be found under its own name."""
        return await answer(request, request.scope["path"].removeprefix("/"), ASK_AGAIN)

    @get("/assets/{name:str}", opt=_OPEN, include_in_schema=False)
    async def asset(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[bytes]:
        """A script, style, font or module."""
        return await answer(request, f"assets/{name}", FOR_EVER)

    return [page, placed, asset]


def _response(found: File, lasts: str, known: str | None) -> Response[bytes]:
    headers = {
        "Content-Security-Policy": POLICY,
        "Cache-Control": lasts,
        "Vary": "Accept-Encoding",
    }
    if found.encoding is not None:
        headers["Content-Encoding"] = found.encoding
    if found.digest:
        headers["ETag"] = f'"{found.digest}-{found.encoding or "whole"}"'
        if known == headers["ETag"]:
            return Response(b"", status_code=304, headers=headers, media_type=found.media_type)
    return Response(found.content, headers=headers, media_type=found.media_type)
