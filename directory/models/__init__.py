"""What is stored: SQLAlchemy mappings, no Flask.

Importing this package registers every table, which migrations and tests rely on.
"""

from directory.models.base import Base
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
from directory.models.staff import User
from directory.models.vetting import (
    Confirmation,
    Credential,
    Evidence,
    Verification,
    VerificationEvidence,
)

__all__ = [
    "Base",
    "CatalogueEdition",
    "Clinic",
    "Confirmation",
    "Credential",
    "CriterionRow",
    "DirectoryState",
    "Event",
    "Evidence",
    "Organization",
    "Practitioner",
    "PractitionerRole",
    "SearchPeriod",
    "SearchRow",
    "Service",
    "User",
    "Verification",
    "VerificationEvidence",
]
