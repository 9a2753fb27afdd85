"""The Inmost engine from Python: `inmost_engine.public` for a server, `inmost_engine.client` for a client."""
