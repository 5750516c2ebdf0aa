"""The city's own key for messages to phones (VAPID): made at set-up, kept in the private folder.

Nothing of Django is needed here: set-up runs `python -m casework.push_key FILE` before there is a city.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from uuid import uuid4

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec


def keep(path: Path) -> bool:
    """Make the key if there is none; of several processes one makes it. True when it was made now."""
    if path.exists():
        return False
    made = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    draft = path.with_name(f".{uuid4().hex}")
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(made)
    try:
        os.link(draft, path)
    except FileExistsError:
        return False
    finally:
        draft.unlink()
    return True


def read(path: Path) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError(f"{path} holds no key for signing messages")
    return key


if __name__ == "__main__":
    keep(Path(sys.argv[1]))
