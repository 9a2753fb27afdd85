"""Passkeys (WebAuthn): a person's first or only factor. The server keeps public keys; what a passkey's PRF gives never reaches it."""
