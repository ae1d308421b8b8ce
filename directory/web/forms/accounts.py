"""The forms of staff accounts. The token against forgery is checked at the door, not here."""

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import (  # type: ignore[attr-defined]  # its published types lag behind
    PasswordField,
    SelectChoice,
    SelectField,
    StringField,
    ValidationError,
)
from wtforms.validators import InputRequired, Length

from directory.domain.accounts import Weakness, normal_mail, weakness
from directory.models.staff import StaffRole
from directory.web.forms.base import Form
from directory.web.routing import LARGEST_ID

LONGEST_NAME = 200

WEAK = {
    Weakness.SHORT: _l("Use at least 12 characters. A few words in a row are fine."),
    Weakness.LONG: _l("Use at most 200 characters."),
    Weakness.COMMON: _l("This is one of the first passwords others would try. Use another."),
    Weakness.OWN: _l("This is mostly your own name or mail address. Use another."),
}
ROLES = {
    StaffRole.VERIFIER: _l("Verifier: records checks"),
    StaffRole.ADMIN: _l("Admin: also manages staff"),
}


def _stripped(text: str | None) -> str:
    return (text or "").strip()


class SecretField(PasswordField):
    """A password: what was typed never goes back into a page."""

    def _value(self) -> str:
        return ""


class SignInForm(Form):
    """Mail address, password and code in one: no answer tells which of them was wrong."""

    mail = StringField(_l("Mail address"), filters=[_stripped])
    password = SecretField(_l("Password"))
    code = SecretField(_l("Code"))


class _NewPassword(Form):
    """A new password, typed twice."""

    password = SecretField(_l("New password"))
    again = SecretField(_l("New password again"))

    def __init__(self, formdata: Any, *own: str | None) -> None:
        """Bind what was sent; `own` are the person's name and mail address."""
        super().__init__(formdata)
        self._own = [text for text in own if text]

    def validate_password(self, field: SecretField) -> None:
        """Refuse a weak password in words; raises ValidationError."""
        why = weakness(field.data or "", *self._own)
        if why is not None:
            raise ValidationError(WEAK[why])

    def validate_again(self, field: SecretField) -> None:
        """Refuse a slip of the fingers; raises ValidationError."""
        if field.data != self.password.data:
            raise ValidationError(_l("The two passwords are not the same."))


class JoinForm(_NewPassword):
    """A new password and the first code of the app."""

    code = SecretField(_l("Code from the app"))


class PasswordForm(_NewPassword):
    """A new password, with the present one."""

    present = SecretField(_l("Present password"))


class PresentPasswordForm(Form):
    """The present password alone."""

    present = SecretField(_l("Present password"))


class InviteForm(Form):
    """Whom to invite, and as what."""

    mail = StringField(_l("Mail address"), filters=[_stripped])
    name = StringField(
        _l("Name"),
        filters=[_stripped],
        validators=[Length(max=LONGEST_NAME, message=_l("Use at most 200 characters."))],
    )
    role = SelectField(
        _l("Role"), choices=[SelectChoice(role.value, words) for role, words in ROLES.items()]
    )

    def validate_mail(self, field: StringField) -> None:
        """Refuse what is no mail address; raises ValidationError."""
        if normal_mail(field.data or "") is None:
            raise ValidationError(_l("Type a whole mail address, like ana@example.org."))


class ConflictForm(Form):
    """A tie to one clinic or one organization, and what it is."""

    kind = SelectField(
        _l("Tie to"),
        choices=[
            SelectChoice("clinic", _l("A clinic")),
            SelectChoice("organization", _l("An organization and all its clinics")),
        ],
    )
    number = StringField(_l("Its number"), filters=[_stripped])
    reason = StringField(
        _l("What the tie is"),
        filters=[_stripped],
        validators=[
            InputRequired(_l("Say in a few words what the tie is.")),
            Length(max=300, message=_l("Use at most 300 characters.")),
        ],
    )

    def validate_number(self, field: StringField) -> None:
        """Refuse what is no number; raises ValidationError."""
        if not 0 < self.id <= LARGEST_ID:
            raise ValidationError(_l("Type the number that stands in the clinic's address."))

    @property
    def id(self) -> int:
        """The number, or 0 when it is none."""
        text = self.number.data or ""
        return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0

    @property
    def subject(self) -> dict[str, int]:
        """The tie as the operation takes it; call on a valid form."""
        return {f"{self.kind.data}_id": self.id}
