"""The search form: a bounded GET form, the same for the page and the API."""

import unicodedata
from collections.abc import Iterable
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import (  # type: ignore[attr-defined]  # its published types lag behind
    FloatField,
    Form,
    IntegerField,
    SelectChoice,
    SelectField,
    SelectMultipleField,
    StringField,
    ValidationError,
)
from wtforms.validators import Length, NumberRange, Optional

from directory.domain.criteria import Catalogue
from directory.domain.services import CONDITIONS, MODALITIES, mask_of
from directory.domain.standing import STANDINGS
from directory.operations.circle import Filters
from directory.web import wording

LONGEST_NEAR = 200
DEFAULT_MILES = 25
LAST_PAGE = 100_000
RADII = (5, 10, 25, 50, 100, 250)


def _tidy(text: str | None) -> str:
    """Return typed text in one normal form, without space around it."""
    return unicodedata.normalize("NFC", text or "").strip()


class Codes(SelectMultipleField):
    """Several codes out of a fixed set; an unknown one is named in the message."""

    def pre_validate(self, form: Any) -> None:
        """Refuse a code that is not offered, in words that name it; raises ValidationError."""
        choices: Any = self.choices or ()
        known = {choice.value for choice in choices}
        unknown = [code for code in self.data or () if code not in known]
        if unknown:
            raise ValidationError(_("There is no filter called “%(code)s”.", code=unknown[0][:40]))


class PageField(IntegerField):
    """A page number; WTForms itself fails on the bounds of one with hundreds of digits."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read the number, no farther off than just outside its bounds; raises ValueError."""
        super().process_formdata(valuelist)
        if self.data is not None:
            self.data = min(max(self.data, 0), LAST_PAGE + 1)


class SearchForm(Form):
    """Where, how far, and what a clinic must have."""

    NAMES = (
        "near",
        "lat",
        "lon",
        "within",
        "treats",
        "offers",
        "has",
        "standing",
        "accepting",
        "sort",
        "page",
    )

    near = StringField(
        _l("ZIP code, city or address"),
        filters=[_tidy],
        validators=[
            Length(max=LONGEST_NEAR, message=_l("Use at most 200 characters: a ZIP code will do.")),
        ],
    )
    lat = FloatField(
        _l("Latitude"),
        validators=[Optional(), NumberRange(-90, 90, _l("Latitude runs from -90 to 90."))],
    )
    lon = FloatField(
        _l("Longitude"),
        validators=[Optional(), NumberRange(-180, 180, _l("Longitude runs from -180 to 180."))],
    )
    within = FloatField(
        _l("Within"),
        validators=[
            Optional(),
            NumberRange(1, 250, _l("Search within 1 to 250 miles.")),
        ],
    )
    treats = Codes(_l("Offered for"))
    offers = Codes(_l("How it is given"))
    has = Codes(_l("Must be in place today"))
    standing = Codes(_l("Checks"))
    accepting = SelectField(
        _l("Takes new patients"),
        choices=[SelectChoice("", _l("Any")), SelectChoice("1", _l("Says it takes new patients"))],
        default="",
        validate_choice=True,
    )
    sort = SelectField(
        _l("Order"),
        choices=[SelectChoice(code, label) for code, label in wording.SORTS.items()],
        default="distance",
    )
    page = PageField(
        _l("Page"),
        default=1,
        validators=[
            Optional(),
            NumberRange(1, LAST_PAGE, _l("Pages are numbered from 1.")),
        ],
    )

    def __init__(self, formdata: Any, catalogue: Catalogue) -> None:
        """Bind the request's parameters; the edition in force gives the codes of `has`."""
        super().__init__(formdata)
        self._catalogue = catalogue
        self.treats.choices = _choices(wording.CONDITIONS, CONDITIONS)
        self.offers.choices = _choices(wording.MODALITIES, MODALITIES)
        self.standing.choices = _choices(wording.STANDINGS, STANDINGS)
        self.has.choices = [SelectChoice(c.code, c.title) for c in catalogue.criteria]

    def validate_near(self, field: StringField) -> None:
        """Ask for a place where none is given; raises ValidationError."""
        if not field.data and not self.has_point and not self.errors_of_point:
            raise ValidationError(_("Type a ZIP code, a city and state, or an address."))

    def validate_lat(self, field: FloatField) -> None:
        """Refuse half a point; raises ValidationError."""
        if (self.lat.data is None) != (self.lon.data is None):
            raise ValidationError(_("Give both a latitude and a longitude."))

    validate_lon = validate_lat

    @property
    def has_point(self) -> bool:
        """Whether both coordinates were given."""
        return self.lat.data is not None and self.lon.data is not None

    @property
    def errors_of_point(self) -> bool:
        """Whether coordinates were given that could not be read."""
        return bool(self.lat.raw_data or self.lon.raw_data)

    @property
    def miles(self) -> float:
        """The radius asked for, or the default."""
        return self.within.data or DEFAULT_MILES

    def filters(self, state: str = "") -> Filters:
        """Return the filters as the search operation takes them; call on a valid form."""
        standings = self.standing.data or [s.value for s in STANDINGS]
        return Filters(
            treats_mask=mask_of(self.treats.data or (), CONDITIONS),
            offers_mask=mask_of(self.offers.data or (), MODALITIES),
            has_mask=self._catalogue.mask(self.has.data or []),
            standings_mask=mask_of(standings, STANDINGS),
            accepting=self.accepting.data == "1",
            state=state,
        )


def _choices(labels: dict[str, Any], codes: Iterable[str]) -> list[SelectChoice]:
    return [SelectChoice(str(code), labels[str(code)]) for code in codes]
