"""The web app as this server hands it out: files that a build made, and nothing that depends on who asks."""

from inmost_server.web.files import Files
from inmost_server.web.routes import POLICY, web_routes

__all__ = ["POLICY", "Files", "web_routes"]
