"""The fixtures of the operations' tests."""

import pytest

from directory.operations.catalogue import load_edition
from directory.sources.gazetteer import Gazetteer
from tests.checklist import TEXT
from tests.factories import NOW, make_user


@pytest.fixture
def directory(session):
    """A database with the checklist in force."""
    load_edition(session, make_user(session), NOW, text=TEXT, confirmation="two-person")
    return session


@pytest.fixture
def actor(directory):
    """A member of staff."""
    return make_user(directory)


@pytest.fixture(scope="session")
def gazetteer(instance):
    """The place index."""
    return Gazetteer(instance / "gazetteer.sqlite")
