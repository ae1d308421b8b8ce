"""Mail to senders: sent after the commit, without their words, and tried again when it fails."""

from datetime import timedelta

from sqlalchemy import select

from directory.extensions import db
from directory.models import Base, Case, OutgoingMail
from directory.models.case import MailKind, MailState
from directory.operations import mail
from directory.sources.mail import NotSent
from tests.factories import NOW
from tests.web.outside import CONTACT, SUGGESTION, outbox, send, sent_token, set_clock
from tests.web.test_cases import step
from tests.web.test_pages import words


def test_a_receipt_goes_out_after_the_commit_without_the_senders_words(app, client):
    box = outbox(app)
    token = sent_token(send(app, client, "/suggest", {**SUGGESTION, **CONTACT, "words": "canary"}))
    assert len(box.letters) == 1
    letter = box.letters[0]
    assert letter.to == CONTACT["email"]
    assert f"/cases/{token}" in letter.body
    assert "988" in letter.body
    assert "canary" not in letter.body
    assert "Pat" not in letter.body
    with app.app_context():
        assert db.session.scalars(select(OutgoingMail.state)).all() == [MailState.SENT]


def test_a_sender_gets_mail_and_links_in_the_language_of_the_form(app, client):
    box = outbox(app)
    thanks = send(app, client, "/es/suggest", {**SUGGESTION, **CONTACT})
    assert thanks.headers["Location"].startswith("/es/cases/")
    token = thanks.headers["Location"].split("/")[3]
    assert box.letters[0].subject.startswith("Recibimos su ")
    assert f"http://127.0.0.1:5000/es/cases/{token}" in box.letters[0].body
    with app.app_context():
        case = db.session.scalars(select(Case)).one()
        assert case.language == "es"
        # Whoever sends what waits has no language of the sender's.
        mail.queue(db.session, NOW, case, MailKind.DECISION)
        db.session.commit()
    set_clock(app, NOW + timedelta(hours=1))
    app.test_cli_runner().invoke(args=["mail", "send"])
    assert box.letters[1].subject.startswith("Lo que decidimos")


def test_mail_that_fails_waits_and_the_command_sends_it(app, client):
    box = outbox(app)
    box.problem = NotSent("SMTPServerDisconnected")
    sent_token(send(app, client, "/suggest", {**SUGGESTION, **CONTACT}))
    with app.app_context():
        row = db.session.scalars(select(OutgoingMail)).one()
        assert (row.state, row.problem) == (MailState.WAITING, "SMTPServerDisconnected")
    runner = app.test_cli_runner()
    assert runner.invoke(args=["mail", "send"]).output == "Mail sent: 0, not sent: 0\n"
    set_clock(app, NOW + timedelta(minutes=10))
    again = runner.invoke(args=["mail", "send"])
    assert (again.exit_code, again.output) == (1, "Mail sent: 0, not sent: 1\n")
    box.problem = None
    set_clock(app, NOW + timedelta(hours=2))
    assert runner.invoke(args=["mail", "send"]).output == "Mail sent: 1, not sent: 0\n"
    assert runner.invoke(args=["mail", "send"]).output == "Mail sent: 0, not sent: 0\n"
    assert len(box.letters) == 1
    assert "http://127.0.0.1:5000/cases/" in box.letters[0].body


def test_a_broken_mailer_never_breaks_the_form(app, client):
    outbox(app).problem = RuntimeError("a bug")
    token = sent_token(send(app, client, "/suggest", {**SUGGESTION, **CONTACT}))
    assert client.get(f"/cases/{token}").status_code == 200


def test_the_command_erases_and_readiness_tells(app, client):
    token = sent_token(send(app, client, "/suggest", {**SUGGESTION, **CONTACT}))
    step(app, client, token, "withdraw")
    assert client.get("/readyz").text == "ready\n"
    set_clock(app, NOW + timedelta(days=90, minutes=5))
    ready = client.get("/readyz")
    assert ready.status_code == 200
    assert "run flask cases erase" in ready.text
    runner = app.test_cli_runner()
    assert runner.invoke(args=["cases", "erase"]).output == "Contact details erased: 1\n"
    assert runner.invoke(args=["cases", "erase"]).output == "Contact details erased: 0\n"
    assert client.get("/readyz").text == "ready\n"
    assert "We erased your contact details" in words(client.get(f"/cases/{token}"))
    with app.app_context():
        dump = "".join(
            repr(db.session.execute(t.select()).all()) for t in Base.metadata.sorted_tables
        )
    assert CONTACT["email"] not in dump
    assert CONTACT["name"] not in dump
