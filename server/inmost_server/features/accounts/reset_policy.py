"""Who may reset whose second factor: as with suspensions (docs/protocol/directory.md), nobody above or beside oneself, except for owners."""

_BELOW_ADMINISTRATOR = frozenset({"member", "guest"})


def may_reset(author_role: str, target_role: str) -> bool:
    """Both are roles of the directory; the target is a person."""
    if author_role == "owner":
        return True
    return author_role == "administrator" and target_role in _BELOW_ADMINISTRATOR
