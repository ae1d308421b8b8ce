"""A writer to be killed: python -m tests.support.crashing URL NUMBER honest|early

It records one check after another through the real operation and prints the number of each that
is committed. `early` is the known-broken one: it prints before it commits.
"""

import sys
import time
from datetime import timedelta

from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from directory.domain.criteria import Level, parse_catalogue
from directory.domain.findings import Outcome
from directory.models import Clinic, User
from directory.models.engine import begin_writing, tune
from directory.models.staff import StaffRole
from directory.operations.catalogue import current_text
from directory.operations.vetting import Observation, record_verification
from tests.factories import NOW


def main(url: str, number: int, *, early: bool) -> None:
    """Write until killed, or until `number` checks are committed."""
    engine = create_engine(url)
    tune(engine)
    with Session(engine) as session:
        catalogue = parse_catalogue(current_text(session) or "")
        session.rollback()
        for n in range(number):
            begin_writing(session)
            actor = session.scalars(select(User).where(User.role == StaffRole.VERIFIER)).first()
            clinic = session.scalars(select(Clinic)).first()
            assert actor is not None
            assert clinic is not None
            seen = Observation(
                criterion=catalogue.criteria[n % len(catalogue.criteria)].code,
                outcome=Outcome.MET,
                level=Level.SOURCE,
                checked_on=NOW.date(),
                valid_until=NOW.date() + timedelta(days=30),
                source_name="Example board",
                source_url="https://board.example.org/1",
            )
            made = record_verification(
                session, actor, NOW, catalogue, clinic, seen, two_person=True
            ).id
            if early:
                print(made, flush=True)  # noqa: T201 - what it says is what is tested
                time.sleep(0.5)  # long enough that the kill always falls in between
            session.commit()
            if not early:
                print(made, flush=True)  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), early=sys.argv[3] == "early")
