"""Accounts: how a person proves who they are when no device of theirs can: password, second factor, backup codes."""
