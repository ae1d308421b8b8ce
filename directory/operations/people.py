"""Find the people who act, and the system that acts for itself."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from directory.models import User
from directory.models.staff import StaffRole

SYSTEM = "the system"


def system_user(session: Session) -> User:
    """Return the user that stands for the program itself, made at its first act."""
    user = session.scalar(select(User).where(User.role == StaffRole.SYSTEM))
    if user is None:
        user = User(name=SYSTEM, role=StaffRole.SYSTEM)
        session.add(user)
        session.flush()
    return user
