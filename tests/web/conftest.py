"""The fixtures of tests that bring in spreadsheets, and of those that look at kept answers."""

import pytest

from directory.extensions import db
from directory.operations.listings import derive
from tests.checklist import CATALOGUE
from tests.factories import NOW, make_clinic
from tests.operations.edits import checked
from tests.support.desk import Desk
from tests.web.keeping import OFF, ON, keeper, processes
from tests.web.outside import set_clock


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


@pytest.fixture(scope="module")
def both(instance, databases):
    """Two processes of one directory: the first keeps answers, the second makes each anew."""
    url = databases.fresh("demo")
    with processes(instance, url, ON, OFF) as apps:
        yield apps
    databases.drop(url)


@pytest.fixture
def fresh(both):
    """The same two, with nothing kept and the clock at the tests' moment."""
    keeper(both[0]).shelf._memory.clear()
    for app in both:
        set_clock(app, NOW)
    return both
