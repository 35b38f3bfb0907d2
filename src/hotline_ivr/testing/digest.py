"""How a phone shows that it knows its account's secret (RFC 2617, qop=auth)."""

from __future__ import annotations

import hashlib
import re
import secrets


def authorization(challenge: str, account: str, secret: str, method: str, uri: str) -> str:
    """The header line. Raises ConnectionError if the challenge is none."""
    asked = dict(re.findall(r'(realm|nonce|opaque)="([^"]*)"', challenge))
    if "nonce" not in asked:
        raise ConnectionError(challenge.partition("\r\n")[0])
    ours, count = secrets.token_hex(8), "00000001"
    one = _md5(f"{account}:{asked['realm']}:{secret}")
    response = _md5(f"{one}:{asked['nonce']}:{count}:{ours}:auth:{_md5(f'{method}:{uri}')}")
    fields = {"username": account, "realm": asked["realm"], "nonce": asked["nonce"], "uri": uri}
    fields |= {"response": response, "cnonce": ours, "opaque": asked.get("opaque", "")}
    quoted = ", ".join(f'{name}="{value}"' for name, value in fields.items())
    return f"Authorization: Digest {quoted}, algorithm=MD5, qop=auth, nc={count}"


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
