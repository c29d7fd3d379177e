"""Who is let in by Redis and Valkey, and what is said where nobody is: clusters, passwords, TLS, no server."""

import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from tests.redis_store import MANY, VIEW, online, value
from tests.s3_server import free_port
from tests.valkey_server import TlsWire, Valkey

from sluiceway.adapters.online_place import OnlinePlace
from sluiceway.core.errors import DeclarationError, SourceError, TransientError


def test_a_cluster_is_refused_at_connect(tmp_path):
    server = Valkey(tmp_path, cluster_enabled="yes", cluster_port=str(free_port()))  # by default 10,000 above the other
    try:
        for ask in (lambda store: store.read(VIEW, [b"a"]), lambda store: store.write(VIEW, [(b"a", value(1))])):
            with pytest.raises(DeclarationError, match="the shown place is a Redis Cluster"):
                ask(online(server))
    finally:
        server.kill()


def test_a_wrong_password_is_told_without_it():
    server = Valkey(requirepass="the-right-one")
    try:
        right = online(server, url=server.url.replace("//", "//:the-right-one@"))
        assert right.write(VIEW, [(b"a", value(1))]) == 1
        for url in (server.url, server.url.replace("//", "//:the-wrong-one@")):
            with pytest.raises(SourceError, match="lets nobody in by these credentials") as told:
                online(server, url=url).read(VIEW, [b"a"])
            assert "-one" not in str(told.value)
    finally:
        server.kill()


def test_a_server_that_is_not_there_is_told_at_once():
    server = Valkey()
    server.kill()
    began = time.monotonic()
    with pytest.raises(TransientError, match="the shown place is not there"):
        online(server).read(VIEW, [b"a"])
    assert time.monotonic() - began < 3


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A key, and a certificate for this machine that its own owner signed."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "here")]), datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "key.pem").write_bytes(secret)
    (folder / "cert.pem").write_bytes(made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
    return folder


def test_over_tls_a_user_with_a_password_is_let_in_and_a_stranger_to_the_certificate_is_not(certificate):
    server = Valkey()
    wire = TlsWire(server, certificate / "cert.pem", certificate / "key.pem")
    try:
        server.client().execute_command("ACL", "SETUSER", "app", "on", ">p@ss", "~shop:*", "+@all")
        address = f"rediss://app:${{PW}}@127.0.0.1:{wire.port}/0?prefix=shop"
        trusting = f"{address}&ssl_ca_certs={certificate}/cert.pem"
        store = OnlinePlace(trusting, {"PW": "p@ss"}).open(certificate, patience_s=1)
        store.replace(VIEW, MANY, snapshot="one")
        assert store.read(VIEW, [MANY[7][0]]) == [MANY[7][1]]
        with pytest.raises(TransientError, match=r"rediss://127\.0\.0\.1:\d+/0\?prefix=shop is not there"):
            OnlinePlace(address, {"PW": "p@ss"}).open(certificate, patience_s=1).read(VIEW, [b"a"])
        elsewhere = OnlinePlace(trusting.replace("prefix=shop", "prefix=other"), {"PW": "p@ss"})
        with pytest.raises(SourceError, match="lets nobody in by these credentials"):
            elsewhere.open(certificate, patience_s=1).read(VIEW, [b"a"])
    finally:
        wire.close()
        server.kill()
