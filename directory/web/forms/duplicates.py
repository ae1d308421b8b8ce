"""The forms of decisions on clinics that may be one."""

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, SelectField, TextAreaField

from directory.web.forms.entries import EntryForm


class PairForm(EntryForm):
    """A decision on two clinics, with the versions in which they were shown."""

    reason = TextAreaField(_l("Reason"))
    keep = SelectField(_l("Keep"), choices=[], validate_choice=False)
    left = HiddenField(_l("Clinics"))
    right = HiddenField()


class UndoForm(EntryForm):
    """Take a merge apart."""

    reason = TextAreaField(_l("Reason"))
