"""The fixtures of tests that bring in spreadsheets."""

import pytest

from directory.extensions import db
from directory.operations.listings import derive
from tests.checklist import CATALOGUE
from tests.factories import NOW, make_clinic
from tests.operations.edits import checked
from tests.support.desk import Desk


@pytest.fixture
def desk(app, tmp_path):
    """A desk with no clinic yet."""
    return Desk(app, tmp_path)


@pytest.fixture
def clinic(desk):
    """A listed clinic with a check of its phone and one of its site."""
    with desk.app.app_context():
        session = db.session()
        made = make_clinic(session, name="Example Infusion", phone="+16025550100")
        checked(session, made, "opn-contact", "med-dea")
        derive(session, CATALOGUE, NOW, [made.id], two_person=True)
        number = made.id
        session.commit()
    return number
