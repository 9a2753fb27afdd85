"""One engine, two builds: what Python's decided, the browser's is asked again."""
