"""The forms of the check workspace and of the second person."""

import re
import unicodedata
from collections.abc import Sequence
from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import (  # type: ignore[attr-defined]  # its published types lag behind
    DateField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectChoice,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from directory.domain.criteria import Level
from directory.domain.findings import Outcome, needs_proof
from directory.domain.looks import AttemptReason, Channel
from directory.models import Credential, Evidence
from directory.operations.vetting import Observation
from directory.operations.workspace import Workspace, last_day_of
from directory.web import wording
from directory.web.forms.base import Form

ADDRESS = re.compile(r"https?://[^\s\"<>]+")
MOST_LINKS = 10
LONGEST_ID = 19


def _tidy(text: str | None) -> str:
    return unicodedata.normalize("NFC", text or "").strip()


def _choices(labels: dict[str, Any], codes: Sequence[str]) -> list[SelectChoice]:
    return [SelectChoice(code, labels[code]) for code in codes]


class CheckForm(Form):
    """One check: what was found, how, where, when, and until when it holds."""

    outcome = RadioField(
        _l("What did you find?"),
        validators=[InputRequired(_l("Choose what you found."))],
        validate_choice=True,
    )
    level = SelectField(_l("How do you know?"))
    attempt_reason = SelectField(_l("Why could you not check?"))
    channel = SelectField(_l("How did you look?"))
    source_name = StringField(
        _l("Where did you look?"),
        filters=[_tidy],
        validators=[
            DataRequired(_l("Name the board, register or paper you looked at.")),
            Length(max=200, message=_l("Use at most 200 characters.")),
        ],
    )
    source_url = StringField(
        _l("Address of the record"),
        filters=[_tidy],
        validators=[Length(max=500, message=_l("Use at most 500 characters."))],
    )
    checked_on = DateField(
        _l("Day you looked"), validators=[InputRequired(_l("Give the day, like 2026-10-12."))]
    )
    valid_until = DateField(_l("Holds until"), validators=[Optional()])
    credential = SelectField(_l("Rests on"))
    files = SelectMultipleField(_l("Files on record that prove it"))
    evidence = TextAreaField(_l("Links to the proof, one on each line"), filters=[_tidy])
    note = StringField(
        _l("Note for patients, one plain sentence"),
        filters=[_tidy],
        validators=[Length(max=300, message=_l("Use at most 300 characters."))],
    )
    private_note = TextAreaField(
        _l("Note for colleagues"),
        filters=[_tidy],
        validators=[Length(max=2000, message=_l("Use at most 2,000 characters."))],
    )
    based_on = HiddenField(default="0")
    batch = HiddenField(default="")

    def __init__(self, formdata: Any, work: Workspace, **values: Any) -> None:
        """Bind what was sent; the workspace gives the choices and the limits."""
        super().__init__(formdata, **values)
        self._work = work
        criterion = work.criterion
        outcomes = [o.value for o in Outcome if o is not Outcome.CHANGED]
        if not criterion.conditional:
            outcomes.remove(Outcome.DOES_NOT_APPLY.value)
        self.outcome.choices = _choices(wording.OUTCOMES, outcomes)
        self.level.choices = _choices(wording.LEVELS, [v.value for v in reversed(Level)])
        self.channel.choices = _choices(wording.CHANNELS, [c.value for c in Channel])
        self.attempt_reason.choices = [
            SelectChoice("", _l("Only when you could not check")),
            *_choices(wording.ATTEMPT_REASONS, [r.value for r in AttemptReason]),
        ]
        self.credential.choices = [
            SelectChoice("", _l("Nothing on file")),
            *(SelectChoice(str(c.id), _credential_label(c)) for c in work.credentials),
        ]
        self.files.choices = [SelectChoice(str(f.id), f.title) for f in work.files]
        # Without papers on file the page does not ask for one.
        self.credential.validate_choice = bool(work.credentials)

    @classmethod
    def prefilled(cls, work: Workspace, channel: Channel, batch: str, source: Any) -> "CheckForm":
        """Return the form as a verifier first sees it, with all that the rules can fill in."""
        in_force = [c for c in work.credentials if not _ended(c, work.today)]
        credential = in_force[0] if len(in_force) == 1 else None
        # Where a check lapses with a paper, only the paper says until when: a day that the rule
        # would allow at most is no day to offer.
        unknown = credential is None and (work.criterion.until_credential or bool(work.credentials))
        ends = None if unknown else last_day_of(work.criterion, work.today, credential)
        name, address = work.source
        if not name and source is not None:
            name, address = source.name, source.url or ""
        if channel in wording.CONTACTS:
            name, address = str(wording.CONTACTS[channel]), ""
        return cls(
            None,
            work,
            level=work.criterion.minimum_level.value,
            channel=channel.value,
            source_name=name,
            source_url=address,
            checked_on=work.today,
            valid_until=ends,
            credential=str(credential.id) if credential else "",
            based_on=str(work.newest_id),
            batch=batch,
        )

    def validate(self, extra_validators: Any = None) -> bool:
        """Validate all fields, and ask for the end of a paper that nobody named."""
        fine = bool(super().validate(extra_validators))
        if fine and self._unproven:
            self.evidence.errors = [*self.evidence.errors, wording.UNPROVEN]
            return False
        if self._end_unknown and not self.credential.errors:
            asked = _("Choose the paper, or give the day it ends.")
            self.valid_until.errors = [*self.valid_until.errors, asked]
            return False
        return fine

    @property
    def _end_unknown(self) -> bool:
        return (
            self.outcome.data == Outcome.MET
            and self._work.criterion.until_credential
            and self.chosen_credential is None
            and not any(self.valid_until.raw_data or ())
            and self.valid_until.data is None
        )

    @property
    def _unproven(self) -> bool:
        """Say ahead what operations/vetting.py would refuse, so that it stands by the field."""
        outcome, level = Outcome(self.outcome.data), Level(self.level.data)
        if not needs_proof(self._work.criterion, outcome, level):
            return False
        return not (self.chosen_files or self.links or self.observation().behind)

    def validate_checked_on(self, field: DateField) -> None:
        """Refuse a day that has not come yet at the clinic; raises ValidationError."""
        if field.data is None or field.data > self._work.today:
            raise ValidationError(_("This day has not come yet at the clinic."))
        if field.data.year < 2000:
            raise ValidationError(_("Give the year in full, like 2026."))

    def validate_source_url(self, field: StringField) -> None:
        """Refuse what is no web address; raises ValidationError."""
        if field.data and not ADDRESS.fullmatch(field.data):
            raise ValidationError(_("A web address begins with https:// and has no spaces."))

    def validate_attempt_reason(self, field: SelectField) -> None:
        """Ask for the reason when nothing could be found out; raises ValidationError."""
        if self.outcome.data == Outcome.COULD_NOT_CHECK and not field.data:
            raise ValidationError(_("Say why you could not check."))

    def validate_note(self, field: StringField) -> None:
        """Ask what was seen when something is not in place; raises ValidationError."""
        if self.outcome.data == Outcome.NOT_MET and not field.data:
            raise ValidationError(_("Say in one sentence what you saw. Patients will read it."))

    def validate_valid_until(self, field: DateField) -> None:
        """Keep the end between the check and what the rules allow; raises ValidationError."""
        if field.data is None or not isinstance(self.checked_on.data, date) or not self.holds:
            return
        if field.data < self.checked_on.data:
            raise ValidationError(_("The check would end before the day you looked."))
        limit = last_day_of(self._work.criterion, self.checked_on.data, self.chosen_credential)
        if field.data > limit:
            raise ValidationError(_("This check holds until %(day)s at most.", day=str(limit)))

    def validate_credential(self, field: SelectField) -> None:
        """Refuse to rest on a paper that ended before the look; raises ValidationError."""
        ends = self.chosen_credential and self.chosen_credential.expires_on
        looked = self.checked_on.data
        if ends and self.outcome.data == Outcome.MET and looked and ends < looked:
            raise ValidationError(_("That paper ended on %(day)s.", day=str(ends)))
        papers = self._work.credentials
        if not looked or not papers or field.data or self.valid_until.data:
            return
        if self.outcome.data == Outcome.MET and all(_ended(paper, looked) for paper in papers):
            raise ValidationError(_("Choose the paper, or give the day the new one ends below."))

    def validate_evidence(self, field: TextAreaField) -> None:
        """Refuse lines that are no web addresses; raises ValidationError."""
        links = self.links
        if len(links) > MOST_LINKS:
            raise ValidationError(_("Give at most 10 links."))
        if any(len(link) > 500 or not ADDRESS.fullmatch(link) for link in links):
            raise ValidationError(_("Each line is one web address that begins with https://."))

    @property
    def links(self) -> list[str]:
        """The links to the proof, each once."""
        lines = (self.evidence.data or "").splitlines()
        return list(dict.fromkeys(line.strip() for line in lines if line.strip()))

    @property
    def chosen_files(self) -> list[Evidence]:
        """The stored files that were chosen."""
        chosen = set(self.files.data or ())
        return [item for item in self._work.files if str(item.id) in chosen]

    @property
    def holds(self) -> bool:
        """Whether the outcome holds until some day."""
        return self.outcome.data in (Outcome.MET, Outcome.DOES_NOT_APPLY)

    @property
    def chosen_credential(self) -> Credential | None:
        """The credential that was chosen, if any."""
        return next((c for c in self._work.credentials if str(c.id) == self.credential.data), None)

    @property
    def newest_seen(self) -> int:
        """The newest check that the form was filled in against."""
        text = self.based_on.data or ""
        known = text.isascii() and text.isdigit() and len(text) < LONGEST_ID
        return int(text) if known else -1

    def observation(self) -> Observation:
        """Return the check as the operation takes it; call on a valid form."""
        outcome = Outcome(self.outcome.data)
        checked_on = self.checked_on.data
        if checked_on is None:
            raise ValueError("the form was not validated")
        ends = None
        if self.holds:
            ends = self.valid_until.data or last_day_of(
                self._work.criterion, checked_on, self.chosen_credential
            )
        failed = outcome is Outcome.COULD_NOT_CHECK
        return Observation(
            criterion=self._work.criterion.code,
            outcome=outcome,
            level=Level(self.level.data),
            checked_on=checked_on,
            valid_until=ends,
            source_name=self.source_name.data or "",
            source_url=self.source_url.data or None,
            note=self.note.data or "",
            private_note=self.private_note.data or "",
            credential=None if failed else self.chosen_credential,
            channel=Channel(self.channel.data),
            attempt_reason=AttemptReason(self.attempt_reason.data) if failed else None,
        )


class DecisionForm(Form):
    """The second person's decision on a check."""

    reason = TextAreaField(
        _l("Why not? The first person will read it."),
        filters=[_tidy],
        validators=[Length(max=1000, message=_l("Use at most 1,000 characters."))],
    )


class PlanForm(Form):
    """How many minutes somebody has today."""

    minutes = IntegerField(_l("Minutes I have today"))


def _ended(credential: Credential, day: date) -> bool:
    ends = [credential.expires_on, credential.ended_on]
    return any(end is not None and end < day for end in ends)


def _credential_label(credential: Credential) -> Any:
    holder = credential.practitioner.name if credential.practitioner else _("the clinic")
    ends = str(credential.expires_on) if credential.expires_on else _("no end known")
    kind = wording.CREDENTIALS[credential.kind]
    return f"{kind}, {holder}, {credential.issuer}, {credential.number}, {ends}"
