"""People as administrators see them; what members may know of each other is in the directory."""
