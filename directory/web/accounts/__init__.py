"""Staff accounts: sign in and out, join by a link, one's own account, and who is on the staff."""

from flask import Blueprint

pages = Blueprint("accounts", __name__)

from directory.web.accounts import entering, own, staff  # noqa: E402, F401 - they add their views
