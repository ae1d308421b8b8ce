"""What is stored: SQLAlchemy mappings, no Flask.

Importing this package registers every table, which migrations and tests rely on.
"""

from directory.models.base import Base
from directory.models.candidate import Candidate, CandidateChange, CandidateLookup
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
from directory.models.exclusion import ExclusionRow
from directory.models.imports import ImportRun
from directory.models.merge import ClinicDistinct, Merge, SetAside
from directory.models.point import PointLookup
from directory.models.screening import Match, MatchCheck, Screening
from directory.models.search import (
    Preparation,
    PreparedPeriod,
    PreparedRow,
    SearchPeriod,
    SearchRow,
)
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
    "Candidate",
    "CandidateChange",
    "CandidateLookup",
    "Case",
    "CaseContact",
    "CaseMessage",
    "CatalogueEdition",
    "CheckCounter",
    "Clinic",
    "ClinicDistinct",
    "ClinicReply",
    "Confirmation",
    "ConflictOfInterest",
    "Credential",
    "CriterionRow",
    "DirectoryState",
    "Event",
    "Evidence",
    "ExclusionRow",
    "ImportRun",
    "Invitation",
    "Lease",
    "Match",
    "MatchCheck",
    "Merge",
    "Organization",
    "OutgoingMail",
    "PointLookup",
    "Practitioner",
    "PractitionerRole",
    "Preparation",
    "PreparedPeriod",
    "PreparedRow",
    "RecoveryCode",
    "Refusal",
    "Screening",
    "SearchPeriod",
    "SearchRow",
    "Service",
    "SetAside",
    "StaffSession",
    "User",
    "Verification",
    "VerificationEvidence",
]
