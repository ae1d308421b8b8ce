"""Who is on the staff: invite, join, change, disable, and conflicts of interest."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import exists, func, or_, select, update
from sqlalchemy.orm import Session

from directory.domain.accounts import normal_mail
from directory.models import (
    Clinic,
    ConflictOfInterest,
    Invitation,
    Merge,
    Organization,
    RecoveryCode,
    User,
)
from directory.models.staff import SessionEnd, StaffRole
from directory.operations import factors, sessions
from directory.operations.events import record
from directory.sources.sealing import Sealer

INVITATION_LASTS = timedelta(hours=72)
LONGEST_NAME = 200


class AccountRefused(ValueError):
    """What was asked cannot be done; `why` is a code that web/wording has words for."""

    def __init__(self, why: str) -> None:
        """Keep the reason."""
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class NewFactors:
    """What a person chose when they joined: never stored as it is."""

    password_hash: str
    secret: bytes
    code: str


def find_by_mail(session: Session, text: str) -> User | None:
    """Return the member of staff with a mail address, in any spelling of it."""
    return session.scalar(select(User).where(User.email == (normal_mail(text) or "")))


def staff_list(session: Session) -> list[User]:
    """Return everybody who was ever invited, by name."""
    query = select(User).where(User.role != StaffRole.SYSTEM, User.email.is_not(None))
    return list(session.scalars(query.order_by(func.lower(User.name), User.id)))


def invite(
    session: Session, actor: User, now: datetime, *, mail: str, role: StaffRole, name: str = ""
) -> tuple[User, str]:
    """Make a one-time link for a new person, or a new start for one who is there already.

    Returns the person and the link's token, which is kept nowhere. Earlier links end. Raises
    AccountRefused.
    """
    address = normal_mail(mail)
    if address is None:
        raise AccountRefused("mail")
    if role not in (StaffRole.VERIFIER, StaffRole.ADMIN):
        raise AccountRefused("role")
    user = session.scalar(select(User).where(User.email == address))
    if user is None:
        user = _newcomer(session, address, role, name)
    elif user.disabled_at is not None:
        raise AccountRefused("disabled")
    elif user.role != role:
        raise AccountRefused("other_role")
    _end_invitations(session, user, now)
    token = secrets.token_urlsafe(32)
    session.add(
        Invitation(
            user_id=user.id,
            token_sha256=sessions.hashed(token),
            made_at=now,
            expires_at=now + INVITATION_LASTS,
        )
    )
    session.flush()
    after = {"role": role.value, "until": (now + INVITATION_LASTS).isoformat()}
    record(session, actor, now, "staff:invited", "staff_user", user.id, after=after)
    return user, token


def _newcomer(session: Session, address: str, role: StaffRole, name: str) -> User:
    called = " ".join(name.split()) or address.partition("@")[0]
    if len(called) > LONGEST_NAME:
        raise AccountRefused("name")
    if session.scalar(select(exists().where(User.name == called))):
        raise AccountRefused("name_taken")
    user = User(name=called, role=role, email=address)
    session.add(user)
    session.flush()
    return user


def open_invitation(session: Session, token: str, now: datetime) -> Invitation | None:
    """Return the invitation behind a link, or None when it was used, ended or is too old."""
    found = session.scalar(
        select(Invitation).where(
            Invitation.token_sha256 == sessions.hashed(token), Invitation.ended_at.is_(None)
        )
    )
    if found is None or now >= found.expires_at or found.user.disabled_at is not None:
        return None
    return found


def join(
    session: Session, now: datetime, token: str, chosen: NewFactors, seal: Sealer
) -> tuple[User, list[str]]:
    """Use up a link: set the password and the second factor, and make recovery codes.

    Returns the person and the codes, which are kept nowhere. What they had before ends, and so
    do their sessions. Raises AccountRefused: `invitation` when the link is dead, `code` when the
    app's code is wrong.
    """
    invitation = open_invitation(session, token, now)
    if invitation is None or not _end_invitations(session, invitation.user, now):
        raise AccountRefused("invitation")
    step = factors.step_of(chosen.secret, chosen.code, now)
    if step is None:
        raise AccountRefused("code")
    user = invitation.user
    before = {"joined": user.joined_at is not None}
    user.password_hash = chosen.password_hash
    user.totp_secret = factors.sealed(chosen.secret, seal)
    user.totp_step = step
    user.joined_at = now
    codes = factors.renew_recovery_codes(session, user)
    sessions.end(session, user.id, now, SessionEnd.NEW_PASSWORD)
    record(session, user, now, "staff:joined", "staff_user", user.id, before, {"joined": True})
    return user, codes


def _end_invitations(session: Session, user: User, now: datetime) -> int:
    ended = session.execute(
        update(Invitation)
        .where(Invitation.user_id == user.id, Invitation.ended_at.is_(None))
        .values(ended_at=now)
    )
    return int(ended.rowcount)  # type: ignore[attr-defined]


def enter(
    session: Session, now: datetime, user: User | None, code: str, seal: Sealer
) -> tuple[User, str] | None:
    """Let in a person whose password fits, if their code does too; returns the session's token."""
    if user is None or user.disabled_at is not None or user.joined_at is None:
        return None
    if not factors.spend_code(session, user, code, now, seal):
        return None
    row, token = sessions.start(session, user, now)
    record(session, user, now, "session:signed_in", "staff_session", row.id)
    return user, token


def leave(session: Session, user: User, now: datetime, session_id: int) -> None:
    """Sign out of one session."""
    if sessions.end(session, user.id, now, SessionEnd.SIGNED_OUT, only=session_id):
        record(session, user, now, "session:signed_out", "staff_session", session_id)


def revoke_session(session: Session, user: User, now: datetime, session_id: int) -> None:
    """End another session of one's own; raises AccountRefused when there is none such."""
    if not sessions.end(session, user.id, now, SessionEnd.REVOKED, only=session_id):
        raise AccountRefused("no_session")
    record(session, user, now, "session:revoked", "staff_session", session_id)


def change_password(session: Session, user: User, now: datetime, password_hash: str) -> str:
    """Set a new password and end every session; returns the token of a new one."""
    user.password_hash = password_hash
    sessions.end(session, user.id, now, SessionEnd.NEW_PASSWORD)
    _row, token = sessions.start(session, user, now)
    record(session, user, now, "staff:password_changed", "staff_user", user.id)
    return token


def new_recovery_codes(session: Session, user: User, now: datetime) -> list[str]:
    """Replace one's recovery codes; the old ones end."""
    codes = factors.renew_recovery_codes(session, user)
    record(session, user, now, "staff:recovery_codes_made", "staff_user", user.id)
    return codes


def recovery_codes_left(session: Session, user: User) -> int:
    """Return how many recovery codes a person has not used."""
    query = select(func.count()).where(
        RecoveryCode.user_id == user.id, RecoveryCode.used_at.is_(None)
    )
    return session.scalar(query) or 0


def change_role(
    session: Session, actor: User, now: datetime, user_id: int, role: StaffRole
) -> User:
    """Give somebody else another role, which ends their sessions. Raises AccountRefused."""
    user = _other(session, actor, user_id)
    if role not in (StaffRole.VERIFIER, StaffRole.ADMIN):
        raise AccountRefused("role")
    if user.role == role:
        raise AccountRefused("same_role")
    before = {"role": user.role.value}
    user.role = role
    sessions.end(session, user.id, now, SessionEnd.NEW_ROLE)
    after = {"role": role.value}
    record(session, actor, now, "staff:role_changed", "staff_user", user.id, before, after)
    return user


def disable(session: Session, actor: User, now: datetime, user_id: int) -> User:
    """Shut somebody else out at once: their sessions and links end. Raises AccountRefused."""
    user = _other(session, actor, user_id)
    if user.disabled_at is not None:
        raise AccountRefused("disabled")
    user.disabled_at = now
    sessions.end(session, user.id, now, SessionEnd.DISABLED)
    _end_invitations(session, user, now)
    record(session, actor, now, "staff:disabled", "staff_user", user.id)
    return user


def enable(session: Session, actor: User, now: datetime, user_id: int) -> User:
    """Let somebody in again with the password and factor they had. Raises AccountRefused."""
    user = _other(session, actor, user_id)
    if user.disabled_at is None:
        raise AccountRefused("not_disabled")
    user.disabled_at = None
    record(session, actor, now, "staff:enabled", "staff_user", user.id)
    return user


def _other(session: Session, actor: User, user_id: int) -> User:
    """Return somebody other than the actor, both locked: two admins cannot unseat each other."""
    people = session.scalars(
        select(User)
        .where(User.id.in_([actor.id, user_id]))
        .order_by(User.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    user = next((one for one in people if one.id == user_id), None)
    if user is None or user.role == StaffRole.SYSTEM:
        raise AccountRefused("nobody")
    if user_id == actor.id:
        raise AccountRefused("oneself")
    if actor.disabled_at is not None or actor.role == StaffRole.VERIFIER:
        raise AccountRefused("not_admin")
    return user


def declare_conflict(
    session: Session,
    user: User,
    now: datetime,
    *,
    reason: str,
    clinic_id: int | None = None,
    organization_id: int | None = None,
) -> ConflictOfInterest:
    """Declare a tie to a clinic, or to an organization and so to all its clinics.

    Raises AccountRefused when there is none of that number, or the tie is declared already.
    """
    if clinic_id is not None and session.get(Clinic, clinic_id) is None:
        raise AccountRefused("no_clinic")
    if organization_id is not None and session.get(Organization, organization_id) is None:
        raise AccountRefused("no_organization")
    for one in conflicts_of(session, user):
        if (one.clinic_id, one.organization_id) == (clinic_id, organization_id):
            raise AccountRefused("declared_already")
    row = ConflictOfInterest(
        user_id=user.id,
        clinic_id=clinic_id,
        organization_id=organization_id,
        reason=reason,
        declared_at=now,
    )
    session.add(row)
    session.flush()
    record(
        session,
        user,
        now,
        "conflict:declared",
        "conflict_of_interest",
        row.id,
        after={"clinic": clinic_id, "organization": organization_id},
        reason=reason,
    )
    return row


def withdraw_conflict(session: Session, user: User, now: datetime, conflict_id: int) -> None:
    """Withdraw a tie of one's own that is over; raises AccountRefused when there is none such."""
    row = session.get(ConflictOfInterest, conflict_id)
    if row is None or row.user_id != user.id or row.withdrawn_at is not None:
        raise AccountRefused("no_conflict")
    row.withdrawn_at = now
    before = {"clinic": row.clinic_id, "organization": row.organization_id}
    record(session, user, now, "conflict:withdrawn", "conflict_of_interest", row.id, before)


def conflicts_of(session: Session, user: User) -> list[ConflictOfInterest]:
    """Return a person's declared ties that stand, the newest first."""
    return list(
        session.scalars(
            select(ConflictOfInterest)
            .where(ConflictOfInterest.user_id == user.id, ConflictOfInterest.withdrawn_at.is_(None))
            .order_by(ConflictOfInterest.id.desc())
        )
    )


def conflicted(session: Session, user_id: int, clinic_id: int) -> bool:
    """Say whether a person declared a tie to a clinic or to the organization that owns it.

    A tie to the clinic that speaks for a merged listing is one to the listing too.
    """
    home = select(Merge.home_id).where(Merge.merged_id == clinic_id, Merge.undone_at.is_(None))
    owners = select(Clinic.organization_id).where(
        or_(Clinic.id == clinic_id, Clinic.id.in_(home)), Clinic.organization_id.is_not(None)
    )
    return bool(
        session.scalar(
            select(
                exists().where(
                    ConflictOfInterest.user_id == user_id,
                    ConflictOfInterest.withdrawn_at.is_(None),
                    or_(
                        ConflictOfInterest.clinic_id == clinic_id,
                        ConflictOfInterest.clinic_id.in_(home),
                        ConflictOfInterest.organization_id.in_(owners),
                    ),
                )
            )
        )
    )
