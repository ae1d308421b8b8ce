"""Sixty hostile strings stored in every text field: no page grows an element or an attribute."""

from itertools import product

import html5lib
import pytest
from flask.testing import FlaskClient

from directory.domain.credentials import CredentialKind
from directory.domain.findings import Outcome
from directory.domain.standing import Listing
from directory.extensions import db
from directory.models import Credential, Organization, Practitioner, PractitionerRole
from directory.models.clinic import Post
from directory.models.engine import begin_writing
from directory.operations.evidence import keep_file
from directory.operations.vetting import link_evidence, publish
from directory.sources.evidence import EvidenceStore, inspect
from tests.factories import NOW, make_check, make_clinic, make_user
from tests.support.apps import preparations, running
from tests.support.staff import sign_in

CALL = "alert(1)"
ELEMENTS = (
    f"<script>{CALL}</script>",
    f"<img src=x onerror={CALL}>",
    f"<svg onload={CALL}>",
    f"<svg><script>{CALL}</script></svg>",
    f"<iframe srcdoc='<script>{CALL}</script>'></iframe>",
    f"<body onload={CALL}>",
    f"<details open ontoggle={CALL}>x</details>",
    f"<a href=javascript:{CALL}>x</a>",
    "<base href=//evil.example>",
    "<meta http-equiv=refresh content=0>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<style>*{display:none}</style>",
    "<form action=//evil.example><input name=x>",
    "<plaintext>",
    "<!--",
)
BREAKOUTS = ("{}", '">{}', "'>{}", "</textarea></title></option></script>{}")
HOSTILE = [shape.format(element) for shape, element in product(BREAKOUTS, ELEMENTS)]
EXTRA = (
    '" onfocus=alert(1) autofocus x="',
    "' onmouseover='alert(1)",
    "{{ 7*7 }}{% raw %}",
    "%(x)s",
)
PLAIN = "plain words"
PDF = b"%%PDF-1.4\n%s\n%%%%EOF"


@pytest.fixture(scope="module")
def house(instance, tmp_path_factory):
    """An application of this module's own: what a page escapes is the same on both engines."""
    folder = tmp_path_factory.mktemp("xss")
    url = f"sqlite:///{folder / 'xss.sqlite'}"
    preparations(instance)["loaded"](url)
    with running(instance, url, evidence_dir=folder / "evidence") as app:
        app.test_client_class = FlaskClient
        yield app


@pytest.fixture(scope="module")
def staff(house):
    """A signed-in browser that looks at nothing by itself."""
    return sign_in(house)


def fill(app, words):
    """Store `words` in every text field there is about one clinic; return its pages."""
    with app.app_context():
        session = db.session()
        begin_writing(session)
        first, second = make_user(session), make_user(session)
        first.name = f"{words} {first.id}"
        owner = Organization(name=words)
        clinic = make_clinic(
            session,
            name=words,
            organization=owner,
            street=words,
            city=words,
            access=words,
            insurance=words,
            phone=words[:20],
            website=f"https://clinic.example.org/?x={words}",
            languages=[words],
            listing=Listing.SUSPENDED,
            listing_reason=words,
        )
        person = Practitioner(name=words, profession=words[:60])
        session.add_all([owner, person])
        session.flush()
        session.add(
            PractitionerRole(
                practitioner=person,
                clinic=clinic,
                post=Post.MEDICAL_DIRECTOR,
                started_on=NOW.date(),
            )
        )
        card = Credential(
            practitioner=person,
            kind=CredentialKind.STATE_LICENSE,
            number=words[:40],
            state="AZ",
            issuer=words,
            issuer_url=f"https://board.example.org/?x={words}",
        )
        session.add(card)
        session.flush()
        catalogue = app.extensions["directory"].edition(session, "2026.1")
        for code, outcome in (("sup-acls", Outcome.MET), ("opn-price", Outcome.NOT_MET)):
            make_check(
                session,
                catalogue,
                clinic,
                code,
                by=first,
                second=second,
                outcome=outcome,
                note=words,
                private_note=words,
                source_name=words,
                source_url=f"https://board.example.org/?x={words}",
                credential=card,
            )
        session.add(link_evidence(first, NOW, title=words, url="https://board.example.org/"))
        kept = keep_file(
            session,
            first,
            NOW,
            EvidenceStore(app.extensions["directory"].settings.evidence_path),
            clinic,
            inspect(PDF % str(clinic.id).encode()),
            words,
        )
        publish(session, catalogue, NOW, [clinic.id], two_person=True)
        session.commit()
        return [
            f"/clinics/{clinic.id}",
            f"/admin/clinics/{clinic.id}",
            f"/admin/clinics/{clinic.id}/edit",
            f"/admin/clinics/?q={clinic.id}",
            f"/admin/evidence/for/{clinic.id}",
            f"/admin/evidence/{kept.id}",
            f"/admin/people/{person.id}",
            f"/admin/people/practitioner/{person.id}/edit",
            f"/admin/people/organizations/{owner.id}",
            f"/admin/people/organization/{owner.id}/edit",
            f"/admin/people/credentials/{card.id}/edit",
            f"/admin/people/credentials/practitioner/{person.id}/new",
            f"/admin/checks/{clinic.id}/sup-acls",
        ]


def shape_of(html):
    """Return a page's elements with the names of their attributes, as a browser builds them."""
    root = html5lib.parse(html, namespaceHTMLElements=False)
    return [
        (element.tag, tuple(sorted(element.attrib)))
        for element in root.iter()
        if isinstance(element.tag, str)
        # The owners to choose from grow with every clinic of this test.
        and not (element.tag == "option" and sorted(element.attrib) == ["value"])
    ]


def pages(client, addresses):
    found = []
    for address in addresses:
        answer = client.get(address, follow_redirects=True)
        assert answer.status_code == 200, address
        assert answer.mimetype == "text/html"
        found.append(answer.text)
    return found


@pytest.fixture(scope="module")
def plain(house, staff):
    """The shape of every page with harmless words in all fields."""
    return [shape_of(page) for page in pages(staff, fill(house, PLAIN))]


def test_there_are_enough_and_all_differ():
    assert len(set(HOSTILE)) >= 60


@pytest.mark.parametrize("words", [*HOSTILE, *EXTRA])
def test_no_page_grows(house, staff, plain, words):
    addresses = fill(house, words)
    for address, page, wanted in zip(addresses, pages(staff, addresses), plain, strict=True):
        assert shape_of(page) == wanted, f"{address} changed its shape with {words!r}"


def test_the_api_says_the_words_as_data(house, staff):
    number = fill(house, HOSTILE[0])[0].rpartition("/")[2]
    answer = staff.get(f"/api/v1/clinics/{number}")
    assert answer.mimetype == "application/json"
    assert answer.json["name"] == HOSTILE[0]


def test_the_control_page_grows(plain):
    page = "<!DOCTYPE html><title>x</title><main><p>{}</p></main>"
    calm = shape_of(page.format(PLAIN))
    grown = [words for words in HOSTILE if shape_of(page.format(words)) != calm]
    assert len(grown) > 50
