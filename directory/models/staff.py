"""The people who record and confirm checks."""

from enum import StrEnum

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from directory.models.base import Base, Key, coded


class StaffRole(StrEnum):
    """What a member of staff may do; `system` stands for the program itself."""

    VERIFIER = "verifier"
    ADMIN = "admin"
    SYSTEM = "system"


class User(Base):
    """A member of staff. The public reads the role and the number, never the name."""

    __tablename__ = "staff_user"

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(String(200), unique=True)
    role: Mapped[StaffRole] = mapped_column(coded(StaffRole, "role"))
