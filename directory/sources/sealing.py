"""Encrypt what must be kept and never shown: a whole DEA number.

The key comes from DIRECTORY_SECRET_KEY. When that secret changes, what was sealed under the old
one cannot be opened again and has to be typed anew; nothing else depends on it, since every page
and every rule uses the last three characters only.
"""

import base64
from typing import Final

PURPOSE: Final = b"infusion-clinic-directory/credential-number/1"


class Sealer:
    """Seals and opens under a key for one purpose, derived from the installation's secret."""

    def __init__(self, secret: str, purpose: bytes = PURPOSE) -> None:
        # Six megabytes that a process needs only where something is sealed.
        from cryptography.fernet import Fernet
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        derived = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=purpose)
        self._fernet = Fernet(base64.urlsafe_b64encode(derived.derive(secret.encode())))

    def seal(self, number: str) -> str:
        """Return a number encrypted and authenticated; different each time."""
        return self._fernet.encrypt(number.encode()).decode()

    def open(self, sealed: str) -> str | None:
        """Return the number, or None when it was sealed under another secret or was altered."""
        from cryptography.fernet import InvalidToken

        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            return None
