"""The form that leaves a clinic at the middle of its ZIP code."""

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, StringField

from directory.web.forms.entries import EntryForm


class LeaveForm(EntryForm):
    """A decision to leave a point as it is; the reason may stay empty."""

    reason = StringField(_l("Why (may stay empty)"))
    version = HiddenField()
