"""Tests that need more than one part of Inmost: real processes, end to end. A feature's own tests stand beside the feature."""
