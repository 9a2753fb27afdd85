"""Every promise in docs/promises.md was shown by a test that ran, in this very run."""
