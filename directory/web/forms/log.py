"""The form that narrows the log: a GET form, so that a view of the log has an address."""

from collections.abc import Iterable
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import (  # type: ignore[attr-defined]  # its published types lag behind
    DateField,
    SelectChoice,
    SelectField,
    StringField,
    ValidationError,
)
from wtforms.validators import Length, Optional

from directory.domain.acts import ACTS
from directory.operations.log import Wanted, readable_subject
from directory.web import wording
from directory.web.forms.base import Form


class LogForm(Form):
    """Which lines to show."""

    noun = SelectField(_l("What it is about"), default="")
    actor = SelectField(_l("Who did it"), default="")
    subject = StringField(
        _l("One row"),
        filters=[lambda typed: (typed or "").strip()],
        validators=[Length(max=80, message=_l("Write a word and a number: clinic 12."))],
    )
    since = DateField(_l("From day"), validators=[Optional()])
    until = DateField(_l("To day"), validators=[Optional()])

    def __init__(
        self, formdata: Any, people: Iterable[tuple[int, str]], hidden: tuple[str, ...]
    ) -> None:
        """Bind the request's parameters; `hidden` are nouns that the reader may not see."""
        super().__init__(formdata)
        nouns = sorted({act.partition(":")[0] for act in ACTS} - set(hidden))
        self.noun.choices = [
            SelectChoice("", _l("Everything")),
            *(SelectChoice(noun, wording.NOUNS.get(noun, noun)) for noun in nouns),
        ]
        self.actor.choices = [
            SelectChoice("", _l("Everybody")),
            *(SelectChoice(str(number), name) for number, name in people),
        ]
        self._hidden = hidden

    def validate_subject(self, field: StringField) -> None:
        """Refuse what is not a word and a number; raises ValidationError."""
        if field.data and readable_subject(field.data) is None:
            raise ValidationError(_("Write a word and a number: clinic 12."))

    def validate_until(self, field: DateField) -> None:
        """Refuse a last day before the first; raises ValidationError."""
        if field.data and self.since.data and field.data < self.since.data:
            raise ValidationError(_("The last day is before the first."))

    def wanted(self, older_than: int | None) -> Wanted:
        """Return what to look for, before the line `older_than`; call on a valid form."""
        return Wanted(
            noun=self.noun.data,
            hidden=self._hidden,
            actor=int(self.actor.data) if self.actor.data else None,
            subject=self.subject.data or "",
            since=self.since.data,
            until=self.until.data,
            older_than=older_than,
        )
