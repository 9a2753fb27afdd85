"""What was acknowledged stays: servers and clients killed at any moment, and everybody committing at once."""
