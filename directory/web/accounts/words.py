"""The words for what an account's owner or an admin is refused."""

from flask_babel import lazy_gettext as _l

REFUSALS = {
    "mail": _l("Type a whole mail address, like ana@example.org."),
    "role": _l("There is no such role."),
    "name": _l("Use at most 200 characters."),
    "name_taken": _l("Somebody on the staff has this name. Give another."),
    "disabled": _l("This person's account is disabled. Enable it first."),
    "not_disabled": _l("This person's account is not disabled."),
    "other_role": _l("This person is on the staff in another role. Change the role instead."),
    "same_role": _l("This person has that role already."),
    "nobody": _l("There is no such member of staff."),
    "oneself": _l("Another admin has to do this for you."),
    "not_admin": _l("You are not an admin any more."),
    "no_session": _l("That browser was signed out already."),
    "no_clinic": _l("There is no clinic of this number."),
    "no_organization": _l("There is no organization of this number."),
    "declared_already": _l("You declared this tie already."),
    "no_conflict": _l("This tie was withdrawn already."),
}
