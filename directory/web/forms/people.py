"""The forms of practitioners, owners, posts and credentials."""

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, SelectField, StringField, TextAreaField

from directory.domain.credentials import CredentialKind
from directory.models import Credential
from directory.web import wording
from directory.web.forms.entries import EntryForm, choices, state_choices


class PersonForm(EntryForm):
    """A practitioner."""

    name = StringField(_l("Name"))
    profession = StringField(_l("Profession"))
    npi = StringField(_l("NPI"))
    former_names = TextAreaField(_l("Former names"))
    version = HiddenField()


class OwnerForm(EntryForm):
    """An organization that owns clinics."""

    name = StringField(_l("Name"))
    npi = StringField(_l("NPI"))
    version = HiddenField()


class RoleForm(EntryForm):
    """Somebody takes up a post."""

    clinic = StringField(_l("Number of the clinic"))
    post = SelectField(
        _l("Post"), choices=choices(wording.POSTS, _l("Choose")), validate_choice=False
    )
    started_on = StringField(_l("First day"))


class EndRoleForm(EntryForm):
    """Somebody leaves a post."""

    ended_on = StringField(_l("Last day"))
    version = HiddenField()


class CredentialForm(EntryForm):
    """A license, registration or certificate. A number on record is never shown in it."""

    kind = SelectField(
        _l("Kind"), choices=choices(wording.CREDENTIALS, _l("Choose")), validate_choice=False
    )
    number = StringField(_l("Number"))
    state = SelectField(_l("State"), choices=state_choices, validate_choice=False)
    issuer = StringField(_l("Who gave it"))
    issuer_url = StringField(_l("Where to look it up"))
    expires_on = StringField(_l("Last day it holds"))
    ended_on = StringField(_l("Ended early on"))
    kept = HiddenField()
    version = HiddenField()


def credential_values(credential: Credential) -> dict[str, str]:
    """Return a credential as its form shows it; a DEA number stays out of it."""
    secret = credential.kind is CredentialKind.DEA_REGISTRATION
    return {
        "kind": credential.kind.value,
        "number": "" if secret else credential.number,
        "state": credential.state or "",
        "issuer": credential.issuer,
        "issuer_url": credential.issuer_url or "",
        "expires_on": credential.expires_on.isoformat() if credential.expires_on else "",
        "ended_on": credential.ended_on.isoformat() if credential.ended_on else "",
        "version": str(credential.version),
    }
