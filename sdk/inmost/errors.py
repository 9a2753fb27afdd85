"""Everything the SDK can refuse, each as a type whose docstring says what to do about it."""


class InmostError(Exception):
    """Something did not work; str() is one plain sentence, `hint` what to do next (may be empty)."""

    hint = ""

    def __init__(self, words: str = "", hint: str = "") -> None:
        super().__init__(words or (self.__doc__ or "").splitlines()[0])
        if hint:
            self.hint = hint


class NoProfile(InmostError):
    """There is no such profile on this computer. Join with an invitation link, or recover, first."""

    hint = "Join with an invitation: inmost join LINK"


class ProfileExists(InmostError):
    """This profile is in use for an account already. Choose another profile name, or remove its folder."""

    hint = "Choose another name with --profile NAME"


class ProfileInUse(InmostError):
    """Another process has this profile open. Wait for it or end it; pid is its process id (0 if unknown)."""

    def __init__(self, profile: str, pid: int, what: str) -> None:
        holder = f"“{what}” (process {pid})" if pid else "another process"
        super().__init__(
            f"The profile “{profile}” is open in {holder}.", "End it first, or use another profile."
        )
        self.profile = profile
        self.pid = pid
        self.what = what


class KeyUnavailable(InmostError):
    """The key of the store cannot be had: no keyring, no key file, no passphrase given."""


class PassphraseNeeded(KeyUnavailable):
    """The store is protected by a passphrase and none was given."""

    hint = "Set INMOST_PASSPHRASE, or pass --passphrase-file FILE"


class WrongPassphrase(KeyUnavailable):
    """The passphrase is not the one this profile was made with."""


class WrongKey(KeyUnavailable):
    """The key does not open this store: the key file or keyring entry belongs to another one, or the file is damaged."""


class StoreDamaged(InmostError):
    """The store cannot be read or written. Nothing was sent; recover on a new profile if it stays so."""


class StoreTooNew(InmostError):
    """A newer Inmost wrote this store. Update this one."""


class Offline(InmostError):
    """The server cannot be reached. What was to be sent waits and goes out by itself."""


class CertificateRefused(Offline):
    """The server's certificate is not trusted by this computer. Pass the certificate authority's file if it is a private one."""

    hint = "For a private certificate authority: --ca FILE"


class InsecureAddress(InmostError):
    """http:// is allowed for this computer itself only; anything else must be https://."""


class NotAServer(InmostError):
    """What answers at this address is not an Inmost server of a version this client speaks."""


class Refused(InmostError):
    """The server or the engine refused. `code` names the refusal (docs/protocol), str() says it in plain words.

    retry_after_s: seconds to wait before trying again, or None.
    """

    def __init__(self, code: str, words: str, retry_after_s: float | None = None) -> None:
        super().__init__(words or code)
        self.code = code
        self.retry_after_s = retry_after_s


class SignedOut(InmostError):
    """This device may not connect any more. `code` is "revoked", "suspended" or "replaced"."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code = code


class NotFound(InmostError):
    """There is no such conversation, person, device or message here, or the name fits several."""
