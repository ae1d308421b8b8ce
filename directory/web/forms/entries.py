"""Forms whose fields are judged by the rules of the field, and the words for each refusal."""

from collections.abc import Iterable
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import (  # type: ignore[attr-defined]  # its published types lag behind
    SelectChoice,
)

from directory.domain.entries import EntryRefused
from directory.domain.state_names import STATE_NAMES
from directory.web.forms.base import Form

REFUSALS = {
    "needed": _l("Fill this in."),
    "too_long": _l("Use at most %(longest)s characters."),
    "hidden": _l("This holds a character that cannot be seen. Type it again by hand."),
    "npi": _l("This NPI has a typing mistake: ten digits, and the last one checks the others."),
    "npi_taken": _l("Another entry has this NPI already."),
    "dea": _l("This DEA number has a typing mistake: two letters and seven digits."),
    "state": _l("Use a state’s two letters, like AZ."),
    "zip": _l("Use a ZIP code: five digits."),
    "zip_unknown": _l("There is no such ZIP code."),
    "zip_state": _l("This ZIP code is in %(found)s, not in %(state)s."),
    "zip_no_point": _l("This ZIP code has no place on the map. Give the latitude and longitude."),
    "phone": _l("Use a US phone number: ten digits, no extension."),
    "website": _l("Use a web address that begins with https:// or http://, without a password."),
    "hours": _l("This line cannot be read: %(line)s. Write it like: Monday-Friday 08:30-17:00"),
    "languages": _l("Use language codes with commas, like: en, es"),
    "organization": _l("Choose an owner from the list, or leave it empty. Add new owners first."),
    "degrees": _l("Use degrees, like 33.4484 or -112.0740."),
    "half_pin": _l("Give both a latitude and a longitude, or neither."),
    "pin_off_earth": _l("Latitude runs from -90 to 90, longitude from -180 to 180."),
    "pin_zero": _l("0, 0 is in the sea off Africa: it is what a failed look-up leaves."),
    "pin_nowhere": _l("There is no ZIP code anywhere near this point."),
    "pin_state": _l("This point is in %(found)s, but the address is in %(state)s."),
    "pin_far": _l("This point is %(miles)s miles from the middle of the ZIP code."),
    "number": _l("Use a whole number from %(least)s to %(most)s."),
    "too_many": _l("Use at most %(most)s names."),
    "match_step": _l("This match was decided before. Look at it again."),
    "match_reason": _l("Say why. Colleagues read it when the question comes up again."),
    "admin_only": _l("Only an admin may do this."),
    "half_service": _l("Choose both how it is given and what for."),
    "twice": _l("This is there twice."),
    "day": _l("Use a day, like 2026-10-31."),
    "day_order": _l("This day is before the first one."),
    "day_ahead": _l("This day is in the future."),
    "conflicted": _l(
        "You declared a conflict of interest with this clinic. Leave it to a colleague."
    ),
    "listing_step": _l("The listing cannot change this way."),
    "listing_reason": _l("Say why. The public can read this."),
    "triage_step": _l("This candidate cannot be judged this way any more."),
    "triage_undo": _l("You can take back your own answer only, while there is no listing."),
    "candidate_taken": _l(
        "A colleague started a listing from this candidate, or said no. Look at the candidate."
    ),
    "incomplete": _l("A listing needs a name, an address and a place on the map."),
    "merged": _l("This listing was merged into clinic number %(home)s. Work there."),
    "merge_same": _l("These are not two clinics. Choose two different ones."),
    "merge_listing": _l(
        "Keep the other one: patients find it or its listing is suspended. Neither may be lost."
    ),
    "merge_undone": _l("This was taken apart already."),
    "merge_newer": _l("Another merge came later. Take apart merge number %(number)s first."),
    "told_apart": _l("Somebody said already that these are not the same."),
    "replaces": _l("Choose a file of this clinic."),
    "empty": _l("Choose a file."),
    "too_large": _l("This file is larger than 5 MB."),
    "kind": _l("Only JPEG and PNG pictures and PDF files are taken. This is none of them."),
    "pixels": _l("This picture has more than 20 million pixels. Make it smaller."),
    "broken": _l("This picture cannot be read. Open it, save it again, and send that."),
    "yes_no": _l("Write yes or no, or leave it empty."),
    "pin": _l("Write latitude and longitude with a comma, like: 33.448400, -112.074000"),
    "pin_missing": _l("The precision says address, so give the latitude and longitude."),
    "precision": _l("Use address, zip or city."),
    "services": _l(
        "This cannot be read: %(part)s. Write it like: iv for depression, $450, 45 min; im for ptsd"
    ),
    "services_many": _l("There can be at most %(most)s of these."),
    "service_word": _l("“%(word)s” is not one of the words used here: %(known)s."),
    "number_unknown": _l("No clinic here has this number. Leave it empty for a new clinic."),
    "row_twice": _l("Row %(row)s is about the same clinic."),
    "row_merged": _l("Clinic %(number)s was merged into clinic %(home)s. Use that number."),
    "several": _l("Clinics %(numbers)s all have this name and address. Give the number of one."),
    "owner_differs": _l("The owner with this NPI is “%(name)s” here. Use that name."),
    "owner_name": _l("No owner here has this NPI. Give the owner’s name too."),
    "owner_npi": _l("Owner %(number)s has this name but no NPI here. Add it on the owner’s page."),
    "owners_several": _l("More than one owner has this name. Give the owner’s NPI."),
    "busy": _l("The file could not be looked at just now. Try again in a minute."),
}


def words_of(refused: EntryRefused) -> str:
    """Return why something typed was refused, in the reader's words."""
    words = REFUSALS.get(refused.code)
    if words is None:
        return str(_("This cannot be saved as it is."))
    return str(words) % refused.details if refused.details else str(words)


class EntryForm(Form):
    """A form that keeps whatever was typed; the rules inside say what is wrong with it."""

    def typed(self) -> dict[str, str]:
        """Return every field as text."""
        return {name: str(field.data or "") for name, field in self._fields.items()}

    def refuse(self, problems: Iterable[EntryRefused]) -> None:
        """Put each problem beside its field, or on the first one when it has none."""
        for problem in problems:
            name = problem.field if problem.field in self._fields else next(iter(self._fields))
            field = self._fields[name]
            field.errors = [*field.errors, words_of(problem)]


def choices(labels: dict[str, Any], empty: Any = None) -> list[SelectChoice]:
    """Return the options of a select; `empty` labels the one that chooses nothing."""
    listed = [SelectChoice(code, label) for code, label in labels.items()]
    return listed if empty is None else [SelectChoice("", empty), *listed]


def state_choices() -> list[SelectChoice]:
    """Return the states as options."""
    return choices({code: f"{code} {name}" for code, name in STATE_NAMES.items()}, _l("Choose"))
