"""Every route and every frame declares who may call it; the whole grid is a file a person can read (grid.txt)."""

import os
from pathlib import Path

from litestar.routes import ASGIRoute, HTTPRoute, WebSocketRoute

import inmost_protocol
from inmost_protocol.frames import Open
from inmost_server.access import ADMINISTRATORS, Access, Caller, grid
from inmost_server.app import create_app
from inmost_server.edge.dispatch import OPEN_ACCESS

GRID = Path(__file__).with_name("grid.txt")


def rest_actions(app):
    """(action, declared access or None) of everything that HTTP reaches."""
    for route in app.routes:
        assert not isinstance(route, ASGIRoute), "an application of its own declares nothing"
        handlers = [route.route_handler] if isinstance(route, WebSocketRoute) else route.route_handlers
        for handler in handlers:
            methods = (
                sorted(handler.http_methods - {"OPTIONS"}) if isinstance(route, HTTPRoute) else ["SOCKET"]
            )
            for method in methods:
                yield f"{method} {route.path_format}", handler.opt.get("access")


async def actions_of(running):
    declared = {}
    for action, access in rest_actions(create_app(running.server)):
        declared[action] = access
    for frame, handled in running.server.dispatch.handled.items():
        declared[f"frame {frame.__name__}"] = handled.access
    declared[f"frame {Open.__name__}"] = OPEN_ACCESS
    return declared


async def test_every_route_and_every_frame_declares_who_may_call_it(running):
    declared = await actions_of(running)
    options = {action for action in declared if action.startswith("OPTIONS")}
    undeclared = [action for action, access in declared.items() if not isinstance(access, Access)]
    assert [action for action in undeclared if action not in options] == []


async def test_every_request_of_the_protocol_is_handled(running):
    handled = {*running.server.dispatch.handled, Open}
    assert handled == set(inmost_protocol.REQUESTS)


async def test_the_grid_is_the_one_that_was_read_and_agreed_to(running):
    """INMOST_WRITE_GRID=1 writes it anew; the change then stands in the commit for everybody to see."""
    declared = {action: access for action, access in (await actions_of(running)).items() if access}
    present = grid(declared)
    if os.environ.get("INMOST_WRITE_GRID"):
        GRID.write_text(present)
    assert GRID.read_text() == present


def test_who_is_recovering_or_a_guest_administers_nothing():
    assert ADMINISTRATORS.callers == {Caller.ADMINISTRATOR, Caller.OWNER}
