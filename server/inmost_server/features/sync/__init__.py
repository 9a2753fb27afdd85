"""Sync: where everything of a device stands after it was away."""
