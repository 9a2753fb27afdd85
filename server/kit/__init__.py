"""What the server's tests are made of: real people with real keys, groups of one, connections that speak frames."""
