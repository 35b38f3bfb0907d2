"""Secrets of this node: made once, kept in one file of the state folder, never in the YAML.

An operator's SIP account is its id with four random letters behind it: a scanner that tries names finds none,
and the first characters, by which Asterisk's queue finds a member, still differ. An operator with several
telephones has an account for each: `anna.desk.k3v9`.
"""

from __future__ import annotations

import io
import secrets as random_source
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from hotline_ivr.config.yaml_tree import read_text
from hotline_ivr.errors import SetupError
from hotline_ivr.files import replace

_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_HEADER = "# Secrets of this node, made by hotline-ivr. Remove an entry to have a new one made.\n"

Random = Callable[[int], str]


@dataclass(frozen=True, slots=True)
class PhoneSecret:
    account: str
    secret: str


@dataclass(frozen=True, slots=True)
class Secrets:
    """`ami` is the secret of the manager account; `phones` are by telephone (routing/devices.py)."""

    ami: str
    phones: dict[str, PhoneSecret]

    def phone(self, name: str) -> PhoneSecret:
        return self.phones[name]


def random_text(length: int) -> str:
    """Random letters and digits without look-alikes, since people type them into phones."""
    return "".join(random_source.choice(_ALPHABET) for _ in range(length))


def ensure_secrets(path: Path, names: Iterable[str], random: Random = random_text) -> Secrets:
    """Read the secrets, making those of telephones that are missing.

    Raises SetupError if the file cannot be understood.
    """
    known = _read(path)
    phones = dict(known.phones) if known else {}
    for name in names:
        if name not in phones:
            phones[name] = PhoneSecret(f"{name}.{random(4)}", random(20))
    secrets = Secrets(known.ami if known else random(32), phones)
    if secrets != known:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace(path, _text(secrets), mode=0o600)
    return secrets


def _read(path: Path) -> Secrets | None:
    try:
        data: Any = _plain(path)
        phones = {
            name: PhoneSecret(str(entry["account"]), str(entry["secret"]))
            for name, entry in data["operators"].items()
        }
        return Secrets(str(data["ami"]["secret"]), phones)
    except FileNotFoundError:
        return None
    except (OSError, SetupError, UnicodeDecodeError, KeyError, TypeError, AttributeError) as error:
        raise SetupError(
            f"{path}: cannot be read as the secrets file ({error}); mend it or remove it"
        ) from error


def _plain(path: Path) -> object:
    """As the configuration is read: all is text, and a thousand operators do not take a third of a second."""
    tree = read_text(path.read_text(encoding="utf-8"), str(path))
    if tree.problems:
        raise SetupError("; ".join(problem.message for problem in tree.problems))
    return tree.data


def _text(secrets: Secrets) -> str:
    phones = {
        name: {"account": phone.account, "secret": phone.secret}
        for name, phone in sorted(secrets.phones.items())
    }
    out = io.StringIO()
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.dump({"ami": {"secret": secrets.ami}, "operators": phones}, out)
    return _HEADER + out.getvalue()
