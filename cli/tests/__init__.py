"""The command's tests."""
