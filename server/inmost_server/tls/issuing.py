"""Gets a certificate from an ACME server (RFC 8555) with HTTP-01. Blocking: runs on a thread of its own."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from acme import challenges, client, errors, messages
from acme.crypto_util import make_csr
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from josepy.errors import Error as JoseError
from josepy.jwa import ES256
from josepy.jwk import JWK, JWKEC
from requests import RequestException, Response

from inmost_server.tls.asking import CERTIFICATE, AcmeServer, NotIssued, Publish, write_privately

USER_AGENT = "inmost"
WITHIN = timedelta(minutes=3)
ACCOUNT_KEY = "acme-account.pem"
NONCES_TRIED = 5  # twice each, because the library tries again once by itself


class _Network(client.ClientNetwork):
    """Asks again when the ACME server does not take a nonce: the request was not looked at (RFC 8555 section 6.5)."""

    def post(self, *args: Any, **kwargs: Any) -> Response:
        for _ in range(NONCES_TRIED - 1):
            try:
                return super().post(*args, **kwargs)
            except messages.Error as error:
                if error.code != "badNonce":
                    raise
        return super().post(*args, **kwargs)


def issue(server: AcmeServer, domain: str, folder: Path, publish: Publish) -> Path:
    """Get a certificate for the domain and put chain and key, in one file, into the folder; the file's path.

    Refused with NotIssued. The old file stays as it is until the new one is complete.
    """
    try:
        net = _Network(
            _account_key(folder),
            alg=ES256,
            user_agent=USER_AGENT,
            verify_ssl=str(server.authorities) if server.authorities else True,  # type: ignore[arg-type]
        )
        acme = client.ClientV2(client.ClientV2.get_directory(server.directory, net), net)
        _sign_up(acme, server.contact)
        key = _new_key()
        order = acme.new_order(make_csr(key, [domain]))
        _answer(acme, order, net.key, publish)
        done = acme.poll_and_finalize(order, datetime.now() + WITHIN)  # noqa: DTZ005 (what acme compares with)
    except (errors.Error, messages.Error, RequestException, JoseError) as error:
        raise NotIssued(_words(error)) from error
    path = folder / CERTIFICATE
    write_privately(path, key + done.fullchain_pem.encode())
    return path


def _sign_up(acme: client.ClientV2, contact: str | None) -> None:
    registration = messages.NewRegistration.from_data(email=contact, terms_of_service_agreed=True)
    try:
        acme.new_account(registration)
    except errors.ConflictError as known:
        acme.net.account = messages.RegistrationResource(uri=known.location, body=messages.Registration())


def _answer(acme: client.ClientV2, order: messages.OrderResource, key: JWK | None, publish: Publish) -> None:
    for authorization in order.authorizations:
        if authorization.body.status == messages.STATUS_VALID:
            continue  # proved lately
        for offered in authorization.body.challenges:
            if isinstance(offered.chall, challenges.HTTP01):
                response, validation = offered.response_and_validation(key)
                publish(offered.chall.encode("token"), validation)
                acme.answer_challenge(offered, response)
                break
        else:
            raise NotIssued("The ACME server offers no HTTP-01 challenge.")


def _account_key(folder: Path) -> JWKEC:
    """The account's key, made once. With it somebody could revoke our certificates, not read anything."""
    path = folder / ACCOUNT_KEY
    if not path.exists():
        write_privately(path, _new_key())
    return JWKEC(key=load_pem_private_key(path.read_bytes(), None))


def _new_key() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _words(error: Exception) -> str:
    """What went wrong at the ACME server, in its words where it has some."""
    if isinstance(error, errors.ValidationError):
        found = [
            str(challenge.error.detail or challenge.error)
            for authorization in error.failed_authzrs
            for challenge in authorization.body.challenges
            if challenge.error is not None
        ]
        return "; ".join(found) or "It could not reach this server under that name."
    return str(error) or type(error).__name__
