"""The words for every code: one place, ready for translation."""

from flask_babel import lazy_gettext as _l

from directory.domain.placenames import Tried
from directory.web.wording_acts import ACTS as ACTS
from directory.web.wording_registries import ADDRESS_FLAGS as ADDRESS_FLAGS
from directory.web.wording_registries import BIRTH_DATES as BIRTH_DATES
from directory.web.wording_registries import CANDIDATE_REASONS as CANDIDATE_REASONS
from directory.web.wording_registries import COULD_NOT_SCREEN as COULD_NOT_SCREEN
from directory.web.wording_registries import DUPLICATE_REASONS as DUPLICATE_REASONS
from directory.web.wording_registries import IMPORTS as IMPORTS
from directory.web.wording_registries import LOOKUP_FAILURES as LOOKUP_FAILURES
from directory.web.wording_registries import MATCH_SIGNS as MATCH_SIGNS
from directory.web.wording_registries import MATCH_STATES as MATCH_STATES
from directory.web.wording_registries import MATCH_TIERS as MATCH_TIERS
from directory.web.wording_registries import MOVED as MOVED
from directory.web.wording_registries import REGISTRY_FACTS as REGISTRY_FACTS
from directory.web.wording_registries import REGISTRY_STATUS as REGISTRY_STATUS
from directory.web.wording_registries import TAXONOMIES as TAXONOMIES
from directory.web.wording_registries import TRIAGE as TRIAGE

# The words of one room stand in a file of their own and are found here like all others.

STANDINGS = {
    "complete": _l("Safety checks complete"),
    "partial": _l("Partly checked"),
    "unchecked": _l("Listed, not checked"),
    "warning": _l("Warning: a check failed"),
    "suspended": _l("Listing suspended"),
}

CONDITIONS = {
    "depression": _l("Depression that other treatments have not helped"),
    "bipolar": _l("Bipolar depression"),
    "anxiety": _l("Anxiety"),
    "ptsd": _l("PTSD"),
    "pain": _l("Chronic pain"),
    "ocd": _l("OCD"),
}

MODALITIES = {
    "iv": _l("Ketamine by IV drip"),
    "im": _l("Ketamine by injection into a muscle"),
    "esketamine": _l("Esketamine nasal spray (Spravato)"),
    "oral": _l("Ketamine by mouth, taken at the clinic"),
}

POSTS = {
    "medical_director": _l("Medical director"),
    "prescriber": _l("Prescriber on site"),
    "monitoring_clinician": _l("Watches patients during the infusion"),
}

CREDENTIALS = {
    "state_license": _l("State license"),
    "acls": _l("Heart-rescue training card (ACLS)"),
    "board_certification": _l("Board certificate"),
    "dea_registration": _l("Federal drug (DEA) registration"),
    "facility_permit": _l("State permit for the clinic"),
}

STAFF = {
    "verifier": _l("a verifier"),
    "admin": _l("an admin"),
    "system": _l("our system"),
}

_ATTEMPTS = {
    "nothing": _l("nothing was typed"),
    "range": _l("a latitude from -90 to 90, a longitude from -180 to 180"),
    "own_position": _l("your own position, which this site is never told"),
    "zip": _l("the ZIP code %(named)s"),
    "zip_without_point": _l("the ZIP code %(named)s, which has no point on the map"),
    "five_digits": _l("a ZIP code, which has five digits"),
    "in_country": _l("a place in the United States or its territories"),
    "name": _l("a city, town, neighborhood or region named “%(named)s”"),
    "typo": _l("the same with one letter wrong"),
}


def tried(one: Tried) -> str:
    """Return in words what was looked for, when a place was not found."""
    return str(_ATTEMPTS[one.attempt]) % {"named": one.named}


DAYS = {
    "monday": _l("Monday"),
    "tuesday": _l("Tuesday"),
    "wednesday": _l("Wednesday"),
    "thursday": _l("Thursday"),
    "friday": _l("Friday"),
    "saturday": _l("Saturday"),
    "sunday": _l("Sunday"),
}

PRECISIONS = {
    "point": _l("the point you gave"),
    "address": _l("the address"),
    "zip": _l("the middle of the ZIP code"),
    "neighborhood": _l("the middle of the neighborhood"),
    "city": _l("the middle of the city"),
    "region": _l("the middle of the area"),
    "state": _l("the middle of the state"),
}

LISTINGS = {
    "draft": _l("Draft"),
    "listed": _l("Listed"),
    "unlisted": _l("Unlisted"),
    "suspended": _l("Suspended"),
    "closed": _l("Closed"),
}

LISTING_STEPS = {
    "listed": _l("Publish: patients can find it"),
    "unlisted": _l("Unlist: patients no longer find it"),
    "suspended": _l("Suspend: patients find it with a warning"),
    "closed": _l("Close: the clinic is gone"),
}

FACTS = {
    "name": _l("Name"),
    "organization": _l("Legal owner"),
    "npi": _l("NPI"),
    "street": _l("Street"),
    "city": _l("City"),
    "state": _l("State"),
    "postal_code": _l("ZIP code"),
    "phone": _l("Phone"),
    "website": _l("Website"),
    "accepting": _l("Takes new patients"),
    "hours": _l("Opening hours"),
    "languages": _l("Languages"),
    "access": _l("Getting there and getting in"),
    "insurance": _l("Insurance"),
    "services": _l("What is offered"),
    "lat": _l("Latitude"),
    "lon": _l("Longitude"),
    "precision": _l("How well the point is known"),
    "timezone": _l("Time zone"),
    "extra": _l("Other columns of a spreadsheet"),
    "listing": _l("Listing"),
    "reason": _l("Reason"),
    "version": _l("Saved as number"),
    "merged": _l("Merged listing"),
    "merged_into": _l("Merged into"),
    "set_aside": _l("Checks that no longer count"),
}


SORTS = {
    "distance": _l("Nearest first"),
    "standing": _l("Most complete checks first"),
}

CASE_KINDS = {
    "suggestion": _l("New clinic"),
    "correction": _l("Correction"),
    "concern": _l("Concern"),
}

CASE_STATES = {
    "received": _l("Received"),
    "in_review": _l("In review"),
    "information_requested": _l("Question asked"),
    "accepted": _l("Accepted"),
    "declined": _l("Declined"),
    "withdrawn": _l("Withdrawn"),
}

CASE_NEXT = {
    "received": _l("It waits for a person to read it."),
    "in_review": _l("A person is looking into it."),
    "information_requested": _l("We have a question. You can answer below."),
    "accepted": _l("We checked it and acted on it. This case is closed."),
    "declined": _l("We looked into it and changed nothing. This case is closed."),
    "withdrawn": _l("You took it back. This case is closed."),
}

CATEGORIES = {
    "unsafe_care": _l("Unsafe care"),
    "credentials": _l("No license, or a license or training that is not true"),
    "false_claims": _l("False or misleading claims"),
    "billing": _l("Money: prices, bills, refunds"),
    "details": _l("Closed, moved or wrong details"),
    "privacy": _l("Privacy"),
    "other": _l("Something else"),
}

SUGGESTIONS = {
    "clinic": _l("A clinic that is missing here"),
    "other": _l("Something else on this site that is wrong"),
}

RELATIONS = {
    "": _l("I would rather not say"),
    "patient": _l("A patient, or someone close to one"),
    "staff": _l("Someone who works at the clinic, or used to"),
    "professional": _l("A health professional"),
    "other": _l("Someone else"),
}

MESSAGES = {
    "opening": _l("First message"),
    "answer": _l("Answer"),
    "question": _l("Question"),
    "message": _l("Message"),
    "note": _l("Private note"),
    "decision": _l("Decision"),
}

CASE_STEPS = {
    "take": _l("Take this case"),
    "release": _l("Give it back"),
    "ask": _l("Ask the sender"),
    "tell": _l("Tell the sender"),
    "note": _l("Keep as a private note"),
    "accept": _l("Accept and close"),
    "decline": _l("Decline and close"),
}

CASE_DONE = {
    "take": _l("The case is yours now."),
    "release": _l("You gave the case back. Anybody can take it."),
    "ask": _l("The sender can read your question now."),
    "tell": _l("The sender can read your message now."),
    "note": _l("Your private note is kept."),
    "accept": _l("The case is accepted and closed."),
    "decline": _l("The case is declined and closed."),
}

CASE_DETAILS = {
    "clinic_name": _l("Name of the clinic"),
    "where": _l("Where"),
    "phone": _l("Phone"),
    "website": _l("Website"),
    "source": _l("How the sender knows"),
    "relation": _l("Who the sender is"),
}

CASE_REFUSALS = {
    "not_now": _l("This step is not open now. The case may have moved on."),
    "not_yours": _l("Someone else has this case. Take it first."),
    "changed": _l("The case changed while you wrote. Read what is new, then send again."),
    "no_words": _l("Write something first."),
    "too_long": _l("That is too long. Make it shorter."),
    "conflict": _l("You declared a conflict of interest with this clinic. A colleague must act."),
    "not_here": _l("There is no public finding against this clinic to answer."),
    "future": _l("The day cannot be in the future."),
    "has_clinic": _l("A listing was started from this case before you. Open the case to see it."),
}

SLIP_PROBLEMS = {
    "forged": _l("This form could not be checked. Look it over and send it again."),
    "too_quick": _l("That was very quick. Look it over and send it again."),
    "too_old": _l("This form was open for more than a day. Look it over and send it again."),
}

MAIL_KINDS = {
    "receipt": _l("Receipt"),
    "question": _l("Question"),
    "message": _l("Message"),
    "decision": _l("Decision"),
}

OUTCOMES = {
    "met": _l("In place"),
    "not_met": _l("Not in place"),
    "does_not_apply": _l("Does not apply to this clinic"),
    "could_not_check": _l("Could not check"),
    "changed": _l("A fact it rested on was changed"),
}

LEVELS = {
    "source": _l("Looked it up at the source"),
    "document": _l("Saw the paper"),
    "attested": _l("The clinic says so"),
}

CHANNELS = {
    "lookup": _l("Looked it up"),
    "phone": _l("By phone"),
    "email": _l("By email"),
    "letter": _l("By letter"),
    "visit": _l("Went there"),
}

CONTACTS = {
    "phone": _l("Phone call to the clinic"),
    "email": _l("Email to the clinic"),
    "letter": _l("Letter to the clinic"),
    "visit": _l("Visit to the clinic"),
}
"""What the source is called when somebody asks the clinic itself."""

UNPROVEN = _l("Say what stands behind this key check: a link, a file or a note.")

ATTEMPT_REASONS = {
    "source_down": _l("The source was down"),
    "no_answer": _l("Nobody answered"),
    "unclear": _l("What I saw was unclear"),
    "not_found": _l("The source has no such entry"),
    "would_not_say": _l("They would not say"),
}

WHY_DUE = {
    "changed": _l("A fact was changed since it was checked"),
    "refused": _l("A second person did not agree"),
    "expired": _l("Out of date"),
    "never": _l("Never checked"),
    "ending": _l("Ends soon"),
    "old": _l("Not in place when last checked, long ago"),
}

CHANGES = {
    "clinic:closed": _l("The listing was closed"),
    "clinic:created": _l("The clinic was added here"),
    "clinic:edited": _l("Facts about the clinic were edited"),
    "clinic:listed": _l("The clinic was listed"),
    "clinic:merged": _l("Two listings of this clinic were put together"),
    "clinic:suspended": _l("The listing was suspended"),
    "clinic:unlisted": _l("The clinic was taken off the list"),
    "clinic:unmerged": _l("Two listings that were put together were taken apart again"),
    "finding:disputed": _l("The clinic disagreed with a check"),
    "finding:undisputed": _l("The clinic no longer disagrees with a check"),
    "verification:changed": _l("A fact was edited, so what rested on it must be checked again"),
    "verification:confirmed": _l("A second person agreed"),
    "verification:recorded": _l("Checked"),
}


NOUNS = {
    "candidate": _l("Candidates from the registry"),
    "case": _l("Messages from outside"),
    "catalogue": _l("The checklist"),
    "clinic": _l("Clinics"),
    "conflict": _l("Conflicts of interest"),
    "credential": _l("Licenses and certificates"),
    "directory": _l("The directory itself"),
    "evidence": _l("Evidence"),
    "finding": _l("Disputed findings"),
    "import": _l("Files brought in"),
    "match": _l("Possible matches with the exclusion list"),
    "lease": _l("Work taken and given back"),
    "organization": _l("Owners"),
    "practitioner": _l("People who treat"),
    "role": _l("Posts at clinics"),
    "screening": _l("Comparing with the exclusion list"),
    "session": _l("Signing in and out"),
    "staff": _l("Staff accounts"),
    "verification": _l("Checks"),
}

STATES = {
    "met": _l("In place"),
    "not_met": _l("Not in place"),
    "not_checked": _l("Not checked"),
    "expired": _l("Out of date"),
    "does_not_apply": _l("Does not apply"),
}
