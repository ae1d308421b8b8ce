"""The search form: a bounded GET form, the same for the page and the API."""

import unicodedata
from collections.abc import Iterable, Set
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Any, cast

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict
from wtforms import (  # type: ignore[attr-defined]  # its published types lag behind
    FloatField,
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
from directory.operations.search import PER_PAGE
from directory.web import wording
from directory.web.choosing import PARAMETER, read_choice
from directory.web.forms.base import Form

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
        if not self.data:
            return
        choices: Any = self.choices or ()
        known = {choice.value for choice in choices}
        unknown = [code for code in self.data if code not in known]
        if unknown:
            raise ValidationError(_("There is no filter called “%(code)s”.", code=unknown[0][:40]))


class NumberField(FloatField):
    """A number, refused in plain words when it is none."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read the number; raises ValueError."""
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(_("Type a number in digits.")) from None


class PageField(IntegerField):
    """A page number; WTForms itself fails on the bounds of one with hundreds of digits."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read the number, no farther off than just outside its bounds; raises ValueError."""
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(_("Type a number in digits.")) from None
        if self.data is not None:
            self.data = min(max(self.data, -1), LAST_PAGE + 1)


@dataclass(frozen=True, slots=True)
class Chosen:
    """A filter in use: its parameter, its value, its words, and what is left without it."""

    field: str
    code: str
    label: str
    others: tuple[str, ...]

    @property
    def taken_away(self) -> dict[str, list[str] | None]:
        """The change of the parameters that takes it away."""
        return {self.field: list(self.others) or None}


def _choices(labels: dict[str, Any], codes: Iterable[str]) -> list[SelectChoice]:
    return [SelectChoice(str(code), labels[str(code)]) for code in codes]


class SearchForm(Form):
    """Where, how far, and what a clinic must have.

    `per_page` is for the API alone: the pages always show twenty, and no link of theirs names it.
    """

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

    FILTERS = ("treats", "offers", "has", "standing")
    CARRIED = (*FILTERS, "accepting", "sort", "within")
    """What stays when somebody starts from another place."""

    CHANGED = frozenset({"near", "has"})
    """Fields that are looked at, or told their choices, also where they were not given."""

    POINT = frozenset({"lat", "lon"})
    """Fields of which each is looked at where the other one was given."""

    near = StringField(
        _l("ZIP code, city or address"),
        filters=[_tidy],
        validators=[
            Length(max=LONGEST_NEAR, message=_l("Use at most 200 characters: a ZIP code will do.")),
        ],
    )
    lat = NumberField(
        _l("Latitude"),
        validators=[Optional(), NumberRange(-90, 90, _l("Latitude runs from -90 to 90."))],
    )
    lon = NumberField(
        _l("Longitude"),
        validators=[Optional(), NumberRange(-180, 180, _l("Longitude runs from -180 to 180."))],
    )
    within = NumberField(
        _l("Within"),
        validators=[
            Optional(),
            NumberRange(1, 250, _l("Search within 1 to 250 miles.")),
        ],
    )
    treats = Codes(_l("Offered for"), choices=_choices(wording.CONDITIONS, CONDITIONS))
    offers = Codes(_l("How it is given"), choices=_choices(wording.MODALITIES, MODALITIES))
    has = Codes(_l("Must be in place today"))
    standing = Codes(_l("Checks"), choices=_choices(wording.STANDINGS, STANDINGS))
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
    per_page = PageField(
        _l("Clinics on a page"),
        default=PER_PAGE,
        validators=[
            Optional(),
            NumberRange(0, PER_PAGE, _l("A page holds 0 to 20 clinics.")),
        ],
    )

    def __init__(self, formdata: Any, catalogue: Catalogue) -> None:
        """Bind the request's parameters; the edition in force gives the codes of `has`."""
        super().__init__(formdata)
        self._take_in(formdata, catalogue)

    _given: Set[str] | None = None

    def _take_in(self, formdata: Any, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        ids = read_choice(formdata.getlist(PARAMETER) if formdata else ()).clinic_ids
        self.compared = [(PARAMETER, str(number)) for number in ids]
        has: Any = self.has
        has.choices = lambda: [SelectChoice(c.code, c.title) for c in catalogue.criteria]

    @classmethod
    def read(cls, formdata: Any, catalogue: Catalogue) -> "SearchForm":
        """Return the same form in a fifth of the time: a copy of an empty one, made once.

        Only the fields that were given are processed; the others are those of the empty form
        itself, but for the few that are changed all the same.
        """
        blank = _blank()
        form = cls.__new__(cls)
        vars(form).update(vars(blank))
        form._given = blank._fields.keys() & formdata.keys()
        changed = form._given | cls.CHANGED | (cls.POINT if form._given & cls.POINT else set())
        own = {name: _copied(blank._fields[name]) for name in changed}
        form._fields = blank._fields | own
        vars(form).update(own)
        for name in form._given:
            field = own[name]
            field.process(formdata, field.object_data)
        form._take_in(formdata, catalogue)
        return form

    def validate(self, extra_validators: Any = None) -> bool:
        """Say whether all is well, as every form; what was not given cannot be wrong.

        Only a place may be missing, and half of a point.
        """
        if self._given is None:
            return bool(super().validate(extra_validators))
        asked = self._given | {"near"} | (self.POINT if self._given & self.POINT else set())
        well = True
        for name in asked:
            own = getattr(type(self), f"validate_{name}", None)
            well &= self._fields[name].validate(self, [own] if own else ())
        return well

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
    def picked(self) -> bool:
        """Whether a place was given by its name and its point, as the list of places does."""
        return self.has_point and bool(self.near.data)

    @property
    def errors_of_point(self) -> bool:
        """Whether coordinates were given that could not be read."""
        return bool(self.lat.raw_data or self.lon.raw_data)

    @property
    def miles(self) -> float:
        """The radius asked for, or the default."""
        return self.within.data or DEFAULT_MILES

    @property
    def clinics_a_page(self) -> int:
        """How many clinics a page holds; none where only the counts are wanted."""
        return PER_PAGE if self.per_page.data is None else int(self.per_page.data)

    @cached_property
    def chosen(self) -> tuple[Chosen, ...]:
        """The filters in use, in the order in which the form shows them."""
        found = []
        for name in self.FILTERS:
            field: Any = self[name]
            if not field.data:
                continue
            labels = {choice.value: choice.label for choice in field.choices}
            codes = [code for code in field.data or () if code in labels]
            found += [
                Chosen(name, code, str(labels[code]), tuple(c for c in codes if c != code))
                for code in dict.fromkeys(codes)
            ]
        if self.accepting.data == "1":
            found.append(Chosen("accepting", "1", _("Says it takes new patients"), ()))
        return tuple(found)

    @property
    def without_filters(self) -> dict[str, None]:
        """The change of the parameters that takes all filters away."""
        return dict.fromkeys((*self.FILTERS, "accepting"))

    @property
    def codes_chosen(self) -> tuple[tuple[str, str], ...]:
        """The filters in use as parameters and their values."""
        return tuple((each.field, each.code) for each in self.chosen)

    @property
    def carried(self) -> list[tuple[str, str]]:
        """What a form for another place sends along, as hidden fields."""
        return [*self.codes_chosen, *self._within_and_order, *self.compared]

    @property
    def carried_but_miles(self) -> list[tuple[str, str]]:
        """The same for a form that asks for the miles itself."""
        return [pair for pair in self.carried if pair[0] != "within"]

    @property
    def kept_by_filters(self) -> list[tuple[str, str]]:
        """What the form of the filters sends along, as hidden fields: where, how far, the order."""
        kept = [("near", self.near.data)] if self.near.data else []
        if self.has_point:
            kept += [("lat", str(self.lat.data)), ("lon", str(self.lon.data))]
        return kept + self._within_and_order + self.compared

    @property
    def _within_and_order(self) -> list[tuple[str, str]]:
        kept = [] if self.within.data is None else [("within", f"{self.within.data:g}")]
        return kept + ([] if self.sort.data in (None, "distance") else [("sort", self.sort.data)])

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

    def filters_without(self, one: Chosen, state: str = "") -> Filters:
        """Return the filters but for one of those in use."""
        filters = self.filters(state)
        match one.field:
            case "treats":
                return replace(filters, treats_mask=mask_of(one.others, CONDITIONS))
            case "offers":
                return replace(filters, offers_mask=mask_of(one.others, MODALITIES))
            case "has":
                return replace(filters, has_mask=self._catalogue.mask(one.others))
            case "standing":
                standings = one.others or [s.value for s in STANDINGS]
                return replace(filters, standings_mask=mask_of(standings, STANDINGS))
            case _:
                return replace(filters, accepting=False)


@cache
def _blank() -> SearchForm:
    """Return the form that nothing was typed into; its copies bring the edition of their own."""
    return SearchForm(MultiDict(), cast(Catalogue, None))


def _copied(field: Any) -> Any:
    """Return a field like another; what differs from form to form is set on it, never changed."""
    copy = object.__new__(type(field))
    vars(copy).update(vars(field))
    return copy
