"""What devices leave with the server: key packages for others to add them, and their person's sealed vault."""
