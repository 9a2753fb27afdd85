"""The description of the REST API (OpenAPI 3.1) at /api/v1/schema/openapi.json: JSON only, no page that loads anything from elsewhere."""

from litestar import Router
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme

from inmost_server.access import ANYONE

PATH = "/api/v1/schema"


def config() -> OpenAPIConfig:
    """A new one for each application: the router in it belongs to one."""
    return OpenAPIConfig(
        title="Inmost",
        version="1",
        description="Accounts and sign-in of an Inmost server (docs/protocol/sign-in.md). Everything else goes over the device protocol.",
        openapi_router=Router(PATH, route_handlers=[], include_in_schema=False, opt={"access": ANYONE}),
        render_plugins=[JsonRenderPlugin(path="/openapi.json")],
        components=Components(
            security_schemes={
                "session": SecurityScheme(type="http", scheme="bearer", description="A session's token.")
            }
        ),
    )
