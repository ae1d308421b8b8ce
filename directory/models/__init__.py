"""What is stored: SQLAlchemy mappings, no Flask.

Importing this package registers every table, which migrations and tests rely on.
"""

from directory.models.base import Base
from directory.models.case import Case, CaseContact, CaseMessage, ClinicReply, OutgoingMail
from directory.models.clinic import (
    Clinic,
    Organization,
    Practitioner,
    PractitionerRole,
    Service,
)
from directory.models.edition import CatalogueEdition, CriterionRow, DirectoryState
from directory.models.event import Event
from directory.models.search import SearchPeriod, SearchRow
from directory.models.staff import (
    ConflictOfInterest,
    Invitation,
    RecoveryCode,
    StaffSession,
    User,
)
from directory.models.vetting import (
    Confirmation,
    Credential,
    Evidence,
    Refusal,
    Verification,
    VerificationEvidence,
)
from directory.models.work import CheckCounter, Lease

__all__ = [
    "Base",
    "Case",
    "CaseContact",
    "CaseMessage",
    "CatalogueEdition",
    "CheckCounter",
    "Clinic",
    "ClinicReply",
    "Confirmation",
    "ConflictOfInterest",
    "Credential",
    "CriterionRow",
    "DirectoryState",
    "Event",
    "Evidence",
    "Invitation",
    "Lease",
    "Organization",
    "OutgoingMail",
    "Practitioner",
    "PractitionerRole",
    "RecoveryCode",
    "Refusal",
    "SearchPeriod",
    "SearchRow",
    "Service",
    "StaffSession",
    "User",
    "Verification",
    "VerificationEvidence",
]
