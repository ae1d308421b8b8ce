"""Write and send the mail that waits: after the commit, and away from the visitor's request."""

import logging
from datetime import datetime

from flask import Flask, Response, current_app, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from directory.domain.progress import Steps, Watch, nobody
from directory.extensions import db
from directory.models.case import MailKind
from directory.models.engine import begin_writing
from directory.operations import mail
from directory.settings import Settings
from directory.sources.mail import Letter, NotSent, open_mailer
from directory.web.language import in_language
from directory.web.translations import SOURCE_LANGUAGE, languages

log = logging.getLogger("directory.mail")
MAILER = "directory_mailer"


def install(app: Flask, settings: Settings) -> None:
    """Give `app` its mailer; tests put another in its place."""
    app.extensions[MAILER] = open_mailer(settings.mail_server, settings.mail_from)


def send_afterwards(response: Response) -> Response:
    """Send what waits when the answer has gone out; call it after the commit."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    response.call_on_close(lambda: _send_quietly(app))
    return response


def _send_quietly(app: Flask) -> None:
    try:
        send_waiting(app)
    except Exception:
        log.exception("mail could not be sent now; it stays in line")


def send_waiting(app: Flask, watch: Watch = nobody) -> tuple[int, int]:
    """Try every mail that is due; returns how many went out and how many did not.

    Each mail has transactions of its own, and none is open while the mail server is asked.
    """
    directory = app.extensions["directory"]
    sent = failed = 0
    with app.app_context():
        with Session(db.engine) as session:
            waiting = mail.due(session, directory.clock())
        steps = Steps(watch, len(waiting))
        for mail_id in waiting:
            outcome = _send_one(app, mail_id, directory.clock())
            sent += outcome is True
            failed += outcome is False
            steps.took()
    return sent, failed


def _send_one(app: Flask, mail_id: int, now: datetime) -> bool | None:
    """Try one mail; None when it was not ours to send."""
    with Session(db.engine) as session, session.begin():
        begin_writing(session)
        note = mail.claim(session, now, mail_id)
    if note is None:
        return None
    problem = ""
    try:
        base, root = (
            app.extensions["directory"].settings.public_url,
            in_language(_still_spoken(note.language)),
        )
        with app.test_request_context(base_url=base, environ_overrides=root):
            letter = letter_of(note, now)
        app.extensions[MAILER].send(letter)
    except NotSent as error:
        problem = str(error)
        log.warning("mail %d was not sent: %s", mail_id, problem)
    with Session(db.engine) as session, session.begin():
        begin_writing(session)
        if problem:
            mail.mark_failed(session, now, mail_id, problem)
        else:
            mail.mark_sent(session, now, mail_id)
    return not problem


def _still_spoken(code: str) -> str:
    """Return a language of the site: the source's when the one of a case was taken away since."""
    return code if code in languages() else SOURCE_LANGUAGE


def letter_of(note: mail.Note, now: datetime) -> Letter:
    """Return a note as a letter in plain text with its link, in the language of the context."""
    subjects = {
        MailKind.RECEIPT: _("We got your report: case %(number)d", number=note.case_id),
        MailKind.QUESTION: _("A question about case %(number)d", number=note.case_id),
        MailKind.MESSAGE: _("News about case %(number)d", number=note.case_id),
        MailKind.DECISION: _("What we decided in case %(number)d", number=note.case_id),
    }
    body = render_template(
        f"email/{note.kind.value}.txt",
        note=note,
        link=url_for("outside.case", token=note.token, _external=True),
    )
    return Letter(
        to=note.email,
        subject=subjects[note.kind],
        body=body,
        key=f"case-mail-{note.mail_id}",
        at=now,
    )
