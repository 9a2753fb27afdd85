"""The `inmost` command."""
