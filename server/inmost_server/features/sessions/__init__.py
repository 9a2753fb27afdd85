"""Sessions: a device proves its key by signing a challenge and gets an access token for a quarter of an hour."""
