"""The organisation's directory: people, devices, roles, invitations, in one log that everybody verifies."""
