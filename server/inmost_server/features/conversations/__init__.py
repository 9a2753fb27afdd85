"""Conversations: groups the server follows without keys, their commits, their one log."""
