"""Every figure the project claims, measured in one command: `make bench`, `make bench ONLY=name`."""
