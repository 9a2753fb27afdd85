"""The organisation itself: its id, the server's own key, and the owner's link while nobody has claimed it."""
