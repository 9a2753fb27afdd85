"""Step-up: a dangerous act needs a factor that was shown in the last minutes, in this very session, for this very act."""
