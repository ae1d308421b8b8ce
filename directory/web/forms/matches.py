"""The forms by which staff decide on a possible match."""

from datetime import date

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, StringField, TextAreaField

from directory.domain.entries import EntryRefused
from directory.web.forms.entries import EntryForm

OLDEST = date(1900, 1, 1)


class MatchForm(EntryForm):
    """Why it is, or is not, the same; and the version of the match that was seen."""

    reason = TextAreaField(_l("Why"))
    version = HiddenField()


class BirthDateForm(EntryForm):
    """A birth date to compare once. It is never shown again, not even after a mistake."""

    born = StringField(_l("Birth date"))
    version = HiddenField()


def birth_date(text: str, today: date) -> date:
    """Return the day that was typed like 1970-12-31; raises EntryRefused on the field `born`."""
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        raise EntryRefused("day", "born") from None
    if not OLDEST <= day <= today:
        raise EntryRefused("day", "born")
    return day
