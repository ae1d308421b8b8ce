"""The forms by which the outside world writes to us, and those by which staff answer."""

import re
import unicodedata
from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import (  # type: ignore[attr-defined]  # its published types lag behind
    DateField,
    IntegerField,
    SelectChoice,
    SelectField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.validators import DataRequired, Length, Optional

from directory.domain.cases import LONGEST_WORDS, Category
from directory.operations.replies import LONGEST_REPLY
from directory.web import wording
from directory.web.forms.base import Form

EMAIL = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+", re.ASCII)
SITE = re.compile(r"(?:https?://)?[^\s/@:]+\.[^\s/@:]+(?:/\S*)?", re.IGNORECASE)
LARGEST_VERSION = 2**31 - 1


def tidy(text: str | None) -> str:
    """Return typed text in one normal form, with plain line breaks and no space around it."""
    return unicodedata.normalize("NFC", text or "").replace("\r\n", "\n").strip()


def one_line(text: str | None) -> str:
    """Return typed text on one line."""
    return " ".join(tidy(text).split())


def _short(label: Any, length: int, *more: Any) -> StringField:
    too_long = _l("Use at most %(length)d characters.", length=length)
    return StringField(label, filters=[one_line], validators=[*more, Length(0, length, too_long)])


def _long(label: Any, ask: Any = None, length: int = LONGEST_WORDS) -> TextAreaField:
    first = DataRequired(ask) if ask else Optional()
    too_long = _l("Use at most %(length)d characters.", length=length)
    return TextAreaField(label, filters=[tidy], validators=[first, Length(0, length, too_long)])


class OutsideForm(Form):
    """What all public forms share: who writes, the trap, and the slip that proves the form."""

    name = _short(_l("Your name, if you want to give it"), 200)
    email = _short(_l("Your email address, if you want an answer"), 254)
    leave_empty = _short(_l("Leave this field empty"), 200)
    slip = StringField()

    def validate_email(self, field: StringField) -> None:
        """Refuse what is no mail address; raises ValidationError."""
        if field.data and not EMAIL.fullmatch(field.data):
            raise ValidationError(_("Write the address like name@example.com, or leave it out."))

    def validate_leave_empty(self, field: StringField) -> None:
        """Refuse what only a machine fills in; raises ValidationError."""
        if field.data:
            raise ValidationError(_("Empty the field marked “Leave this field empty”."))

    @property
    def details(self) -> dict[str, str]:
        """The short fields of this form, by name."""
        own = {f.name: f.data for f in self if isinstance(f, (StringField, SelectField))}
        hidden = {*OUTSIDE_FIELDS, "words", "about", "category"}
        return {name: str(text) for name, text in own.items() if name not in hidden and text}


OUTSIDE_FIELDS = ("name", "email", "leave_empty", "slip")


def _relation() -> SelectField:
    return SelectField(
        _l("Who are you?"),
        choices=[SelectChoice(code, label) for code, label in wording.RELATIONS.items()],
        default="",
    )


def _source() -> StringField:
    return _short(_l("How do you know? A link or a name helps us check"), 300)


class SuggestionForm(OutsideForm):
    """A clinic that is missing, or something else that is wrong here."""

    about = SelectField(
        _l("What is it about?"),
        choices=[SelectChoice(code, label) for code, label in wording.SUGGESTIONS.items()],
        default="clinic",
    )
    clinic_name = _short(_l("Name of the clinic"), 200)
    where = _short(_l("Its address, or at least the town and state"), 300)
    phone = _short(_l("Its phone number, if you know it"), 40)
    website = _short(_l("Its website, if you know it"), 300)
    words = _long(_l("What should we know?"))
    source = _source()
    relation = _relation()

    @property
    def new_clinic(self) -> bool:
        """Whether a missing clinic is named."""
        return bool(self.about.data == "clinic")

    def validate_clinic_name(self, field: StringField) -> None:
        """Ask for the name of a missing clinic; raises ValidationError."""
        if self.new_clinic and not field.data:
            raise ValidationError(_("Write the name of the clinic."))

    def validate_where(self, field: StringField) -> None:
        """Ask where a missing clinic is; raises ValidationError."""
        if self.new_clinic and not field.data:
            raise ValidationError(_("Write where the clinic is: the town and state will do."))

    def validate_website(self, field: StringField) -> None:
        """Refuse what is no address of a website; raises ValidationError."""
        if field.data and not SITE.fullmatch(field.data):
            raise ValidationError(_("Write the website like www.example.com, or leave it out."))

    def validate_about(self, field: SelectField) -> None:
        """Ask what is wrong when no clinic is named; raises ValidationError."""
        if not self.new_clinic and not (self.words.data or "").strip():
            raise ValidationError(_("Write what is wrong, in the field “What should we know?”"))


class CorrectionForm(OutsideForm):
    """Something that is wrong about one clinic."""

    words = _long(_l("What is wrong, and what would be right?"), _l("Write what is wrong."))
    source = _source()
    relation = _relation()


class ConcernForm(OutsideForm):
    """A concern about one clinic."""

    category = SelectField(
        _l("What is it about?"),
        choices=[
            SelectChoice("", _l("Choose one")),
            *(SelectChoice(code.value, wording.CATEGORIES[code.value]) for code in Category),
        ],
        default="",
        validators=[DataRequired(_l("Choose what it is about."))],
    )
    words = _long(_l("What happened, and when?"), _l("Write what happened."))
    source = _source()
    relation = _relation()


class AnswerForm(Form):
    """A sender's words on the status page; withdrawing needs none."""

    words = _long(_l("Write here"))
    slip = StringField()
    version = IntegerField()


class StepForm(Form):
    """The staff's words with a step, and the version of the case that they saw."""

    words = _long(_l("Your words"))
    version = IntegerField()


class EraseForm(Form):
    """Why a message's words are erased."""

    reason = _short(_l("Why these words are erased"), 200)


class ReplyForm(Form):
    """A clinic's answer to a finding against it, as the public will read it."""

    words = _long(
        _l("The clinic's answer, word for word or shortened with its consent"),
        _l("Write what the clinic answered."),
        LONGEST_REPLY,
    )
    answered_on = DateField(
        _l("Day of the answer"), validators=[DataRequired(_l("Give the day of the answer."))]
    )

    def __init__(self, formdata: Any, today: date) -> None:
        """Bind the request's form; `today` is the day where the clinic is."""
        super().__init__(formdata, answered_on=today)
        self._today = today

    def validate_answered_on(self, field: DateField) -> None:
        """Refuse a day in the future; raises ValidationError."""
        if field.data and field.data > self._today:
            raise ValidationError(_("The day of the answer cannot be in the future."))
