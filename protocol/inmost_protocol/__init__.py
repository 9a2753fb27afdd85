"""What crosses the wire between an Inmost device and its server."""
