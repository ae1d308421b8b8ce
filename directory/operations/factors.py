"""What a person proves at the door: a password, a code of their app, or a recovery code."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from sqlalchemy import delete, or_, update
from sqlalchemy.orm import Session

from directory.domain.accounts import STEP_SECONDS, is_time_code, normal_password, plain_code
from directory.models import RecoveryCode, User
from directory.sources.sealing import Sealer

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.twofactor.totp import TOTP

PURPOSE = b"infusion-clinic-directory/second-factor/1"
SECRET_BYTES = 20
RECOVERY_CODES = 10
RECOVERY_BYTES = 10
DRIFT = (0, -1, 1)
"""Which time steps beside the present one count: a phone's clock may be half a minute off."""

_hasher = PasswordHasher()


def hash_password(password: str) -> str:
    """Return the Argon2id hash to keep; takes a good part of a tenth of a second."""
    return _hasher.hash(normal_password(password))


def password_fits(kept: str | None, password: str) -> bool:
    """Compare a password with what is kept; as slow when nothing is kept, which fits nothing."""
    try:
        _hasher.verify(kept or _nobodys(), normal_password(password))
    except (Argon2Error, InvalidHashError):
        return False
    return kept is not None


@cache
def _nobodys() -> str:
    return hash_password(secrets.token_urlsafe(32))


def warm_up() -> None:
    """Make the hash that stands for nobody, so that no first caller waits longer for it."""
    _nobodys()


def sealer(secret_key: str) -> Sealer:
    """Return what seals second factors: a copy of the database alone opens nothing."""
    return Sealer(secret_key, PURPOSE)


def sealed(secret: bytes, seal: Sealer) -> str:
    """Return a secret as text that only this installation can open."""
    return seal.seal(base64.b32encode(secret).decode())


def unsealed(text: str, seal: Sealer) -> bytes | None:
    """Return a sealed secret, or None when it was sealed elsewhere or changed."""
    opened = seal.open(text)
    return base64.b32decode(opened) if opened else None


def new_secret() -> bytes:
    """Return a new secret to share with a person's authenticator app."""
    return secrets.token_bytes(SECRET_BYTES)


def app_link(secret: bytes, mail: str, issuer: str) -> str:
    """Return the otpauth address that an authenticator app reads."""
    return _totp(secret).get_provisioning_uri(mail, issuer)


def spelled_secret(secret: bytes) -> str:
    """Return a secret as people type it into an app: groups of four letters and digits."""
    return _grouped(base64.b32encode(secret).decode())


def step_of(secret: bytes, typed: str, now: datetime) -> int | None:
    """Return the time step whose code was typed, in any spelling, or None when it is wrong."""
    return next(_steps_of(secret, typed, now), None)


def _steps_of(secret: bytes, typed: str, now: datetime) -> Iterator[int]:
    code = plain_code(typed)
    if not is_time_code(code):
        return
    present = int(now.timestamp()) // STEP_SECONDS
    totp = _totp(secret)
    for step in (present + drift for drift in DRIFT):
        if hmac.compare_digest(totp.generate(step * STEP_SECONDS), code.encode()):
            yield step


def _totp(secret: bytes) -> "TOTP":
    # Six megabytes that a process needs only where staff come in.
    from cryptography.hazmat.primitives.hashes import SHA1
    from cryptography.hazmat.primitives.twofactor.totp import TOTP

    return TOTP(secret, 6, SHA1(), STEP_SECONDS)  # noqa: S303 - RFC 6238, what every app computes


def spend_code(session: Session, user: User, typed: str, now: datetime, seal: Sealer) -> bool:
    """Use up a code of the app or a recovery code; False when it is wrong or was used before.

    The database decides, so that of two who send the same code at once only one gets in.
    """
    secret = unsealed(user.totp_secret, seal) if user.totp_secret else None
    if secret is not None:
        for step in _steps_of(secret, typed, now):
            if _spend_step(session, user.id, step):
                return True
    used = session.execute(
        update(RecoveryCode)
        .where(
            RecoveryCode.user_id == user.id,
            RecoveryCode.code_sha256 == _recovery_hash(typed),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now)
    )
    return bool(used.rowcount)  # type: ignore[attr-defined]


def _spend_step(session: Session, user_id: int, step: int) -> bool:
    spent = session.execute(
        update(User)
        .where(User.id == user_id, or_(User.totp_step.is_(None), User.totp_step < step))
        .values(totp_step=step)
    )
    return bool(spent.rowcount)  # type: ignore[attr-defined]


def renew_recovery_codes(session: Session, user: User) -> list[str]:
    """Replace a person's recovery codes; returns the new ones, which are kept nowhere."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    codes = [
        _grouped(base64.b32encode(secrets.token_bytes(RECOVERY_BYTES)).decode().lower())
        for _number in range(RECOVERY_CODES)
    ]
    session.add_all(
        RecoveryCode(user_id=user.id, code_sha256=_recovery_hash(code)) for code in codes
    )
    session.flush()
    return codes


def _recovery_hash(typed: str) -> str:
    """Return what is kept of a recovery code: 80 random bits need no slow hash."""
    return hashlib.sha256(plain_code(typed).encode()).hexdigest()


def _grouped(text: str) -> str:
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))
