"""Certificates for servers on loopback, made with the openssl command."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
_HERE = "IP:127.0.0.1,DNS:localhost"


@dataclass(frozen=True)
class Certificates:
    """An authority, and what it vouches for; each certificate `NAME.pem` has its key in `NAME.key`.

    Attributes:
        folder: Where they are.
    """

    folder: Path

    @property
    def authority(self) -> Path:
        return self.folder / "authority.pem"

    def certificate(self, name: str) -> Path:
        """Of `good`, `elsewhere` (another host's), `expired` or `self-signed`."""
        return self.folder / f"{name}.pem"

    def key(self, name: str) -> Path:
        return self.folder / f"{name}.key"

    def context(self, name: str) -> ssl.SSLContext:
        """For a server that presents that certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate(name), self.key(name))
        return context

    def pinned_key(self, name: str) -> str:
        """As the option of that name wants it."""
        public = _openssl("x509", "-in", self.certificate(name), "-pubkey", "-noout")
        der = _openssl("pkey", "-pubin", "-outform", "der", given=public)
        digest = _openssl("dgst", "-sha256", "-binary", given=der)
        return "sha256//" + _openssl("enc", "-base64", given=digest).decode().strip()


@cache
def certificates() -> Certificates:
    """Made once; they vanish with the process."""
    if shutil.which("openssl") is None:
        pytest.skip("makes its certificates with the openssl command, which is not installed")
    temporary = tempfile.TemporaryDirectory(prefix="certificates")
    made = _TemporaryCertificates(Path(temporary.name), temporary)
    _self_signed(made, "authority", "/CN=Cameras")
    _self_signed(made, "self-signed", "/CN=127.0.0.1", "-addext", f"subjectAltName={_HERE}")
    for name, hosts, days in (
        ("good", _HERE, 2),
        ("elsewhere", "DNS:camera.example", 2),
        ("expired", _HERE, -1),
    ):
        request = made.folder / f"{name}.csr"
        _openssl(
            "req", *_KEY, "-subj", f"/CN={name}", "-addext", f"subjectAltName={hosts}",
            "-keyout", made.key(name), "-out", request,
        )  # fmt: skip
        _openssl(
            "x509", "-req", "-in", request, "-CA", made.authority, "-CAkey", made.key("authority"),
            "-days", str(days), "-copy_extensions", "copyall", "-out", made.certificate(name),
        )  # fmt: skip
    return made


@dataclass(frozen=True)
class _TemporaryCertificates(Certificates):
    """Keeps its folder from being removed while it is in use."""

    kept: tempfile.TemporaryDirectory


def _self_signed(made: Certificates, name: str, subject: str, *more: str) -> None:
    _openssl(
        "req", "-x509", *_KEY, "-days", "2", "-subj", subject, *more,
        "-keyout", made.key(name), "-out", made.certificate(name),
    )  # fmt: skip


def _openssl(*arguments: str | Path, given: bytes | None = None) -> bytes:
    return subprocess.run(["openssl", *arguments], check=True, capture_output=True, input=given).stdout
