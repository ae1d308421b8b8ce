"""Staff edit clinics, people and papers: what they see before saving, and what they never see."""

import io
import re

import pytest
from PIL import Image
from sqlalchemy import select

from directory.extensions import db
from directory.models import Clinic, Credential, Event, Evidence, Organization, Practitioner, User
from directory.models.engine import begin_writing
from directory.models.staff import ConflictOfInterest
from directory.web.forms.clinics import form_for
from tests.factories import NOW, make_check, make_clinic, make_user
from tests.support.staff import form_token, post, sign_in

DEA = "AP5836727"
OFFER = {"service-0-modality": "iv", "service-0-condition": "ptsd", "service-0-price_usd": "$450"}
NPI = "2000000010"


@pytest.fixture
def staff(app):
    """A browser signed in as a verifier."""
    return sign_in(app)


def written(app, make):
    """Run `make(session)` in a transaction of its own and return what it returns."""
    with app.app_context():
        session = db.session()
        begin_writing(session)
        result = make(session)
        session.commit()
        return result


def a_clinic(app, **changes):
    return written(app, lambda session: make_clinic(session, **changes).id)


def a_checked_clinic(app, *criteria):
    def make(session):
        clinic = make_clinic(session)
        first, second = make_user(session), make_user(session)
        catalogue = app.extensions["directory"].edition(session, "2026.1")
        for criterion in criteria:
            make_check(session, catalogue, clinic, criterion, by=first, second=second)
        return clinic.id

    return written(app, make)


def typed(app, clinic_id, **changes):
    """Return the fields of a clinic's form as a browser would send them."""
    with app.test_request_context():
        clinic = db.session.get(Clinic, clinic_id) if clinic_id else None
        values = form_for(None, clinic).typed()
    return values | changes


def stored(app, model, number):
    with app.app_context():
        return db.session.get(model, number)


def acts(app):
    with app.app_context():
        return list(db.session.scalars(select(Event.act).order_by(Event.id)))


def button(page):
    return re.search(r'name="previewed" value="([0-9a-f]+)"', page.text)[1]


def test_a_new_clinic_is_a_draft_and_published_by_hand(app, staff):
    fields = typed(
        app,
        None,
        name="New Example Clinic",
        street="1 Example Way",
        city="Phoenix",
        state="AZ",
        postal_code="85004",
        phone="(602) 555-0123",
        website="clinic.example.org",
        hours="Mon-Fri 8:30-17:00",
        **{
            "service-0-modality": "iv",
            "service-0-condition": "ptsd",
            "service-0-price_usd": "$450",
        },
    )
    answer = post(staff, "/admin/clinics/new", fields)
    assert answer.status_code == 303
    clinic_id = int(answer.location.rpartition("/")[2])
    page = staff.get(answer.location)
    assert "Draft" in page.text
    assert "(602) 555-0123" in page.text
    assert staff.get(f"/clinics/{clinic_id}").status_code == 404
    clinic = stored(app, Clinic, clinic_id)
    assert (clinic.phone, clinic.website) == ("+16025550123", "https://clinic.example.org")
    assert clinic.point_precision.value == "zip"
    assert clinic.timezone == "America/Phoenix"
    step = {"listing": "listed", "reason": "", "version": str(clinic.version)}
    assert post(staff, f"/admin/clinics/{clinic_id}/listing", step).status_code == 303
    assert staff.get(f"/clinics/{clinic_id}", follow_redirects=True).status_code == 200
    assert acts(app)[-2:] == ["clinic:created", "clinic:listed"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": ""}, "Fill this in"),
        ({"name": "Bad\u202eName"}, "cannot be seen"),
        ({"npi": "2000000011"}, "typing mistake"),
        ({"postal_code": "00000"}, "no such ZIP"),
        ({"postal_code": "10001"}, "is in NY, not in AZ"),
        ({"lat": "0", "lon": "0"}, "failed look-up"),
        ({"lat": "40.75", "lon": "-73.99"}, "This point is in NY"),
        ({"lat": "36.0", "lon": "-112.1"}, "from the middle of the ZIP"),
        ({"lat": "33.4", "lon": ""}, "both a latitude and a longitude"),
        ({"phone": "555-0100"}, "ten digits"),
        ({"website": "javascript:alert(1)"}, "https://"),
        ({"website": "https://user:word@example.org"}, "https://"),
        ({"hours": "always"}, "cannot be read: always"),
        ({"organization": "Nobody Inc"}, "Choose an owner"),
        ({"service-0-price_usd": "free"}, "whole number"),
    ],
)
def test_a_refused_entry_says_why_and_keeps_all(app, staff, changes, words):
    clinic_id = a_clinic(app)
    fields = typed(app, clinic_id, access="Typed by me") | changes
    answer = post(staff, f"/admin/clinics/{clinic_id}/edit", fields)
    assert answer.status_code == 400
    assert words in answer.text
    assert "Typed by me" in answer.text
    assert stored(app, Clinic, clinic_id).access is None
    assert "clinic:edited" not in acts(app)


def test_what_falls_is_shown_before_it_falls(app, staff):
    clinic_id = a_checked_clinic(app, "opn-contact", "sup-acls", "med-dea")
    public = f"/api/v1/clinics/{clinic_id}"
    fields = typed(app, clinic_id, street="9 Other Road")
    preview = post(staff, f"/admin/clinics/{clinic_id}/edit", fields)
    assert preview.status_code == 200
    assert "These checks will fall" in preview.text
    assert "The address, phone and hours are right" in preview.text
    assert "set for the old address" in preview.text
    assert stored(app, Clinic, clinic_id).street == "100 Example Avenue"
    saved = post(staff, f"/admin/clinics/{clinic_id}/edit", fields | {"previewed": button(preview)})
    assert saved.status_code == 303
    clinic = stored(app, Clinic, clinic_id)
    assert clinic.street == "9 Other Road"
    assert clinic.point_precision.value == "zip"
    states = {f["criterion"]: f["state"] for f in staff.get(public).json["findings"]}
    assert states["opn-contact"] == states["med-dea"] == "not_checked"
    assert states["sup-acls"] == "met"
    assert acts(app)[-3:] == ["clinic:edited", "verification:changed", "verification:changed"]
    page = staff.get(f"/admin/clinics/{clinic_id}")
    assert "changed since it was checked" in page.text


def test_a_stale_edit_keeps_what_was_typed_and_shows_the_other(app, staff):
    clinic_id = a_clinic(app)
    mine = typed(app, clinic_id, access="My words")
    theirs = typed(app, clinic_id, insurance="Their words")
    other = sign_in(app)
    assert post(other, f"/admin/clinics/{clinic_id}/edit", theirs).status_code == 303
    answer = post(staff, f"/admin/clinics/{clinic_id}/edit", mine)
    assert answer.status_code == 409
    assert "My words" in answer.text
    assert "Their words" in answer.text
    with app.app_context():
        assert db.session.get(User, other.user_id).name in answer.text
    version = re.search(r'name="version" value="(\d+)"', answer.text)[1]
    again = post(staff, f"/admin/clinics/{clinic_id}/edit", mine | {"version": version})
    assert again.status_code == 303
    assert stored(app, Clinic, clinic_id).access == "My words"


def test_a_stale_listing_step_is_told(app, staff):
    clinic_id = a_clinic(app)
    for changes in ({}, {"reason": ""}, {"listing": ""}):
        step = {"listing": "suspended", "reason": "Under review", "version": "7"} | changes
        assert post(staff, f"/admin/clinics/{clinic_id}/listing", step).status_code == 409


def test_a_listing_step_needs_its_reason(app, staff):
    clinic_id = a_clinic(app)
    url = f"/admin/clinics/{clinic_id}/listing"
    refused = post(staff, url, {"listing": "suspended", "reason": " ", "version": "1"})
    assert refused.status_code == 400
    assert "Say why" in refused.text
    assert post(staff, url, {"listing": "draft", "reason": "x", "version": "1"}).status_code == 400
    done = post(staff, url, {"listing": "suspended", "reason": "Under review", "version": "1"})
    assert done.status_code == 303
    assert "Under review" in staff.get(f"/clinics/{clinic_id}", follow_redirects=True).text
    with app.app_context():
        last = db.session.scalars(select(Event).order_by(Event.id.desc())).first()
        assert (last.act, last.reason) == ("clinic:suspended", "Under review")


def test_a_conflicted_person_is_refused_in_words(app, staff):
    clinic_id = a_clinic(app)
    written(
        app,
        lambda session: session.add(
            ConflictOfInterest(
                user_id=staff.user_id, clinic_id=clinic_id, reason="family", declared_at=NOW
            )
        ),
    )
    url = f"/admin/clinics/{clinic_id}"
    assert "conflict of interest" in staff.get(url).text
    answer = post(staff, f"{url}/edit", typed(app, clinic_id, access="x"))
    assert answer.status_code == 403
    assert "conflict of interest" in answer.text
    step = {"listing": "suspended", "reason": "x", "version": "1"}
    assert post(staff, f"{url}/listing", step).status_code == 403
    assert send(staff, clinic_id, png()).status_code == 403
    paper = dea_form()
    answer = post(staff, f"/admin/people/credentials/clinic/{clinic_id}/new", paper)
    assert answer.status_code == 400


def dea_form(**changes):
    return {
        "kind": "dea_registration",
        "number": DEA,
        "issuer": "Drug Enforcement Administration",
        "expires_on": "2027-05-31",
        "version": "0",
    } | changes


def test_a_dea_number_shows_its_last_three_only(app, staff):
    clinic_id = a_clinic(app)
    url = f"/admin/people/credentials/clinic/{clinic_id}/new"
    wrong = post(staff, url, dea_form(number="AP5836728"))
    assert wrong.status_code == 400
    assert "typing mistake" in wrong.text
    assert "AP5836728" not in wrong.text
    kept = post(staff, url, dea_form(issuer=""))
    assert kept.status_code == 400
    assert DEA not in kept.text
    assert "ending in 727" in kept.text
    token = re.search(r'name="kept" value="([^"]+)"', kept.text)[1]
    assert post(staff, url, dea_form(number="", kept=token)).status_code == 303
    with app.app_context():
        row = db.session.scalars(select(Credential)).one()
        assert row.number == "727"
        assert DEA not in row.sealed_number
        number = row.id
        lines = [str((e.before, e.after)) for e in db.session.scalars(select(Event))]
        assert not any(DEA in line or "5836" in line for line in lines)
    for page in (
        f"/admin/clinics/{clinic_id}",
        f"/admin/people/credentials/{number}/edit",
        f"/clinics/{clinic_id}",
    ):
        shown = staff.get(page, follow_redirects=True).text
        assert "5836" not in shown
        assert "727" in shown
    again = dea_form(number="", version="1", expires_on="2028-05-31")
    assert post(staff, f"/admin/people/credentials/{number}/edit", again).status_code == 303
    assert stored(app, Credential, number).number == "727"


def test_people_posts_and_owners(app, staff):
    clinic_id = a_checked_clinic(app, "sup-director", "mon-vitals")
    made = post(
        staff,
        "/admin/people/practitioner/new",
        {"name": "Sam Example", "profession": "MD", "npi": NPI},
    )
    assert made.status_code == 303
    taken = post(
        staff,
        "/admin/people/practitioner/new",
        {"name": "Another", "profession": "MD", "npi": NPI},
    )
    assert "has this NPI already" in taken.text
    person = int(made.location.rpartition("/")[2])
    role = {"clinic": str(clinic_id), "post": "medical_director", "started_on": "2026-05-01"}
    preview = post(staff, f"/admin/people/{person}/roles", role)
    assert preview.status_code == 200
    assert "A named, licensed doctor or nurse" in preview.text
    role["previewed"] = button(preview)
    assert post(staff, f"/admin/people/{person}/roles", role).status_code == 303
    page = staff.get(f"/admin/people/{person}")
    assert "Medical director" in page.text
    role_id = re.search(r"/admin/people/roles/(\d+)/end", page.text)[1]
    assert staff.get(f"/admin/people/roles/{role_id}/end").status_code == 200
    early = {"ended_on": "2026-04-01", "version": "1"}
    assert post(staff, f"/admin/people/roles/{role_id}/end", early).status_code == 400
    end = {"ended_on": "2026-05-20", "version": "1"}
    assert post(staff, f"/admin/people/roles/{role_id}/end", end).status_code == 303
    assert post(staff, f"/admin/people/roles/{role_id}/end", end).status_code == 409
    owner = post(staff, "/admin/people/organization/new", {"name": "Example Health", "npi": ""})
    number = int(owner.location.rpartition("/")[2])
    fields = typed(app, clinic_id, organization=f"Example Health (#{number})")
    assert post(staff, f"/admin/clinics/{clinic_id}/edit", fields).status_code == 303
    assert "Example Health" in staff.get("/admin/people/organizations?q=example").text
    edited = {"name": "Example Health Group", "npi": "", "version": "1"}
    assert post(staff, f"/admin/people/organization/{number}/edit", edited).status_code == 303
    assert stored(app, Organization, number).name == "Example Health Group"
    stale = {"name": "Sam E. Example", "profession": "MD", "npi": NPI, "version": "9"}
    answer = post(staff, f"/admin/people/practitioner/{person}/edit", stale)
    assert answer.status_code == 409
    assert "Sam E. Example" in answer.text
    assert stored(app, Practitioner, person).name == "Sam Example"
    for page in ("/admin/people/", "/admin/clinics/?q=phoenix&listing=listed"):
        assert staff.get(page).status_code == 200


def png(size=(40, 30)):
    out = io.BytesIO()
    Image.new("RGB", size, (90, 20, 160)).save(out, "PNG")
    return out.getvalue()


def send(staff, clinic_id, data, title="Blank consent form", name="a.png", **more):
    """Send a file as a browser does; the body is one piece of bytes, so no file stays open."""
    fields = {"csrf_token": form_token(staff), "title": title, "replaces": "", **more}
    line = b"--limit\r\nContent-Disposition: form-data; name="
    body = b"".join(line + f'"{k}"\r\n\r\n{v}\r\n'.encode() for k, v in fields.items())
    body += line + f'"file"; filename="{name}"\r\n\r\n'.encode() + data + b"\r\n--limit--\r\n"
    return staff.post(
        f"/admin/evidence/for/{clinic_id}",
        data=body,
        content_type="multipart/form-data; boundary=limit",
    )


def test_a_file_is_kept_once_and_leaves_as_an_attachment(app, staff, tmp_path):
    clinic_id = a_clinic(app)
    page = staff.get(f"/admin/evidence/for/{clinic_id}")
    assert "5 MB" in page.text
    assert "20 megapixels" in page.text
    assert "Never anything about a patient" in page.text
    sent = png() + b"<script>alert(1)</script>"
    kept = send(staff, clinic_id, sent, name="../../evil.html")
    assert kept.status_code == 303
    assert send(staff, clinic_id, sent).location == kept.location
    number = int(kept.location.rpartition("/")[2])
    answer = staff.get(f"{kept.location}/file")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="evidence-{number}.png"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert answer.mimetype == "image/png"
    assert b"script" not in answer.data
    assert acts(app).count("evidence:stored") == 1
    newer = send(staff, clinic_id, png((50, 50)), replaces=str(number))
    assert newer.status_code == 303
    assert "Replaced by" in staff.get(kept.location).text
    assert "replaced, kept on record" in staff.get(f"/admin/clinics/{clinic_id}").text


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "Choose a file"),
        (b"<html><script>alert(1)</script>", "Only JPEG and PNG"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "Only JPEG and PNG"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 500, "cannot be read"),
        (b"\xff\xd8\xff" + b"A" * (5 * 1024 * 1024), "larger than 5 MB"),
    ],
)
def test_a_refused_file_says_why(app, staff, data, words):
    clinic_id = a_clinic(app)
    answer = send(staff, clinic_id, data, title="My title")
    assert answer.status_code == 400
    assert words in answer.text
    assert "My title" in answer.text
    with app.app_context():
        assert db.session.scalars(select(Evidence)).all() == []


def test_only_the_upload_takes_so_much(app, staff):
    clinic_id = a_clinic(app)
    big = {"access": "x" * 100_000}
    assert post(staff, f"/admin/clinics/{clinic_id}/edit", big).status_code == 413
    assert send(staff, clinic_id, b"\xff\xd8\xff" + b"A" * 6_000_000).status_code == 413


def test_a_get_writes_nothing(app, staff):
    clinic_id = a_clinic(app)
    before = acts(app)
    for path in ("", "/edit"):
        assert staff.get(f"/admin/clinics/{clinic_id}{path}").status_code == 200
    assert staff.get("/admin/clinics/new").status_code == 200
    assert acts(app) == before
