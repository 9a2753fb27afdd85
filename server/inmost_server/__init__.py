"""The Inmost server: members, order, policy and ciphertext."""
