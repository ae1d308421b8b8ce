"""What tests read of a page's head."""

import re

from sqlalchemy import select

from directory.domain.standing import Listing
from directory.extensions import db
from directory.models import Clinic, SearchRow
from directory.web.public import clinic_url


def metas(page):
    """Return a page's meta tags by name or property."""
    found = re.findall(r'<meta (?:name|property)="([^"]+)" content="([^"]*)"', page.text)
    return dict(found)


def canonical(page):
    """Return a page's canonical address, or None."""
    found = re.findall(r'<link rel="canonical" href="([^"]+)"', page.text)
    assert len(found) < 2
    return found[0] if found else None


def clinic_paths(app, listing=Listing.LISTED):
    """Return the address of every clinic with a listing that is public."""
    with app.app_context():
        query = select(SearchRow.clinic_id, Clinic.name).join(
            Clinic, Clinic.id == SearchRow.clinic_id
        )
        rows = db.session.execute(query.where(Clinic.listing == listing)).all()
    with app.test_request_context():
        return {number: clinic_url(number, name) for number, name in rows}
