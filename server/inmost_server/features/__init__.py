"""One folder per noun; in each the same few files: frames or routes, policy, store, tests."""
