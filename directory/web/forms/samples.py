"""A form with each kind of field, for the style guide; it is never sent."""

from wtforms import (  # type: ignore[attr-defined]  # its published types lag behind
    SelectChoice,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)

from directory.web.forms.base import Form


class SampleForm(Form):
    """One field of each kind; the words are for builders, not for the translators."""

    town = StringField("ZIP code, city or address")
    subject = SelectField("What is it about?", choices=[SelectChoice("one", "A clinic")])
    message = TextAreaField("What should we know?")
    proven = SelectMultipleField(
        "In place today",
        choices=[SelectChoice("a", "Rescue training"), SelectChoice("b", "Oxygen at hand")],
    )


def sample_form(*, wrong: bool) -> SampleForm:
    """Return the form as it is first shown, or as it comes back with two errors."""
    form = SampleForm(prefix="" if wrong else "fine", data={"town": "Boise, ID", "proven": ["a"]})
    if wrong:
        form.town.errors = ["Type a ZIP code, a city or an address."]
        form.message.errors = ["Write a sentence or two."]
    return form
