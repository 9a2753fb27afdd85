"""The Inmost client for Python: host of the engine, and bots in ten lines."""
