"""Encrypting recordings for whoever holds a private key, by age (https://age-encryption.org), piece by piece.

The file opens with any program that knows age: `age -d -i KEY FILE > talk.wav`. pyrage takes and gives files
in pieces, so that an hour needs no more memory than a minute, and other threads run in between.
"""

from __future__ import annotations

import hashlib
import os
import re
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, Protocol

import pyrage

from hotline_ivr.errors import RecordingError

WAV_HEAD = 44
_RATE, _SIDES, _FRAME = 8000, 2, 4
_CHUNK, _TAG, _NONCE = 65536, 16, 16
_MOST_HEAD = 64 * 1024
_HEAD_END = re.compile(rb"\n--- [^\n]*\n")


class Reader(Protocol):
    """Something to be read in pieces."""

    def read(self, size: int = -1, /) -> bytes: ...


def wav_head(samples: int) -> bytes:
    """The head of a WAV file of so many bytes of samples: 16 bits, 8 kHz, operator left, caller right."""
    # What is longer than a head can say plays to its end all the same in most players.
    size = min(samples, 0xFFFFFFFF - WAV_HEAD)
    form = struct.pack("<HHIIHH", 1, _SIDES, _RATE, _RATE * _FRAME, _FRAME, 16)
    return (
        b"RIFF"
        + struct.pack("<I", size + 36)
        + b"WAVEfmt "
        + struct.pack("<I", 16)
        + form
        + b"data"
        + struct.pack("<I", size)
    )


class WavReader:
    """A file of bare samples, read as a WAV file."""

    def __init__(self, file: BinaryIO) -> None:
        size = os.fstat(file.fileno()).st_size // _FRAME * _FRAME
        self._file, self._left, self._head = file, size, wav_head(size)

    def read(self, size: int = -1, /) -> bytes:
        if self._head:
            head = self._head if size < 0 else self._head[:size]
            self._head = self._head[len(head) :]
            if size >= 0:
                return head
            return head + self.read()
        got = self._file.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(got)
        return got


class HashingWriter:
    """Writes to a file, and knows the SHA-256 and the number of the bytes."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._hash = file, hashlib.sha256()
        self.size = 0

    def write(self, data: bytes, /) -> int:
        self._hash.update(data)
        self.size += len(data)
        return self._file.write(data)

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()


def seal(source: Reader, target: HashingWriter, keys: Sequence[str]) -> None:
    """Encrypt for these public keys. Raises RecordingError."""
    try:
        pyrage.encrypt_io(source, target, [pyrage.x25519.Recipient.from_str(key) for key in keys])
    except (pyrage.RecipientError, pyrage.EncryptError, ValueError) as error:
        raise RecordingError(f"cannot be encrypted: {error}") from None


def open_sealed(source: Reader, target: object, keys: Sequence[str], name: str) -> None:
    """Decrypt into `target` (anything with `write`). Raises RecordingError in one sentence."""
    try:
        pyrage.decrypt_io(source, target, [pyrage.x25519.Identity.from_str(key) for key in keys])
    except pyrage.IdentityError:
        raise RecordingError("this is no private key of age") from None
    except (pyrage.DecryptError, ValueError) as error:
        if "no matching keys" in str(error).lower():
            raise RecordingError(f"{name}: this private key does not open it; another one does") from None
        raise RecordingError(f"{name}: is damaged and cannot be decrypted ({error})") from None
    except OSError as error:
        if error.errno is not None:
            raise
        # So pyrage tells of bytes that are not those that were encrypted.
        raise RecordingError(f"{name}: is damaged and cannot be decrypted ({error})") from None


def read_private_keys(path: Path) -> list[str]:
    """The private keys in a file of `hotline recordings keygen` or age-keygen. Raises RecordingError."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RecordingError(f"{path}: cannot be read ({getattr(error, 'strerror', error)})") from None
    keys = [line.strip() for line in text.splitlines() if line.strip().startswith("AGE-SECRET-KEY-")]
    if not keys:
        raise RecordingError(f"{path}: holds no private key: a line that begins with AGE-SECRET-KEY-")
    return keys


def make_key() -> tuple[str, str]:
    """A new private key, and its public one."""
    made = pyrage.x25519.Identity.generate()
    return str(made), str(made.to_public())


def plain_size(path: Path) -> int:
    """Bytes of the WAV file within a sealed one, by its size alone; 0 where that is no file of age."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(_MOST_HEAD)
    end = _HEAD_END.search(head)
    if not head.startswith(b"age-encryption.org/v1\n") or end is None:
        return 0
    payload = size - end.end() - _NONCE
    return max(0, payload - _TAG * -(-payload // (_CHUNK + _TAG)))


def digest_of(path: Path) -> str:
    """SHA-256 of a file, read in pieces. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
