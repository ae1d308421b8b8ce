"""What every form shares: the library's own messages in the language of the page."""

from typing import Any

import wtforms
from flask_wtf.i18n import translations


class Form(wtforms.Form):
    """A form whose built-in messages (“not a valid date”) speak the language of the request."""

    class Meta:
        """Flask-WTF's translations, which ask Flask-Babel for the language each time."""

        def get_translations(self, form: wtforms.Form) -> Any:
            """Return what translates a built-in message."""
            return translations
