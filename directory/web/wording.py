"""The words for every code: one place, ready for translation."""

from flask_babel import lazy_gettext as _l

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
    "listing": _l("Listing"),
    "reason": _l("Reason"),
    "version": _l("Saved as number"),
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
    "clinic:suspended": _l("The listing was suspended"),
    "clinic:unlisted": _l("The clinic was taken off the list"),
    "finding:disputed": _l("The clinic disagreed with a check"),
    "finding:undisputed": _l("The clinic no longer disagrees with a check"),
    "verification:changed": _l("A fact was edited, so what rested on it must be checked again"),
    "verification:confirmed": _l("A second person agreed"),
    "verification:recorded": _l("Checked"),
}

ACTS = {
    "case:accepted": _l("Accepted and closed a case"),
    "case:answered": _l("The sender answered a question"),
    "case:assigned": _l("Took a case"),
    "case:contact_erased": _l("Erased the sender's contact details"),
    "case:declined": _l("Declined and closed a case"),
    "case:information_requested": _l("Asked the sender a question"),
    "case:linked": _l("Started a listing from a case"),
    "case:mail_retried": _l("Tried to send a mail again"),
    "case:noted": _l("Kept a private note on a case"),
    "case:received": _l("A case came in"),
    "case:released": _l("Gave a case back"),
    "case:replied": _l("Wrote to the sender"),
    "case:withdrawn": _l("The sender took a case back"),
    "case:words_erased": _l("Erased the words of a message"),
    "catalogue:loaded": _l("Put a checklist in force"),
    "clinic:closed": _l("Closed a clinic's listing"),
    "clinic:created": _l("Added a clinic"),
    "clinic:edited": _l("Edited a clinic's facts"),
    "clinic:listed": _l("Published a clinic"),
    "clinic:suspended": _l("Suspended a clinic's listing"),
    "clinic:unlisted": _l("Took a clinic off the list"),
    "conflict:declared": _l("Declared a conflict of interest"),
    "conflict:withdrawn": _l("Took back a conflict of interest"),
    "credential:created": _l("Added a license or certificate"),
    "credential:edited": _l("Edited a license or certificate"),
    "credential:ended": _l("Ended a license or certificate"),
    "directory:demonstration": _l("Filled the directory with invented clinics"),
    "evidence:stored": _l("Kept a file as evidence"),
    "finding:disputed": _l("Recorded that a clinic disagrees"),
    "finding:undisputed": _l("Recorded that a clinic no longer disagrees"),
    "lease:released": _l("Put a piece of work back"),
    "lease:renewed": _l("Held a piece of work longer"),
    "lease:taken": _l("Took a piece of work"),
    "organization:created": _l("Added an owner"),
    "organization:edited": _l("Edited an owner"),
    "practitioner:created": _l("Added a person who treats"),
    "practitioner:edited": _l("Edited a person who treats"),
    "role:created": _l("Added a post at a clinic"),
    "role:ended": _l("Ended a post at a clinic"),
    "session:revoked": _l("Ended somebody's sessions"),
    "session:signed_in": _l("Signed in"),
    "session:signed_out": _l("Signed out"),
    "staff:disabled": _l("Shut a member of staff out"),
    "staff:enabled": _l("Let a member of staff in again"),
    "staff:invited": _l("Invited a member of staff"),
    "staff:joined": _l("Set up an account"),
    "staff:password_changed": _l("Changed a password"),
    "staff:recovery_codes_made": _l("Made new recovery codes"),
    "staff:role_changed": _l("Changed a member of staff's role"),
    "verification:changed": _l("A check fell, since a fact was edited"),
    "verification:confirmed": _l("Confirmed a check as second person"),
    "verification:recorded": _l("Recorded a check"),
    "verification:refused": _l("Refused a check as second person"),
}
"""What staff read of each act in the log; the public's words are in CHANGES."""

NOUNS = {
    "case": _l("Messages from outside"),
    "catalogue": _l("The checklist"),
    "clinic": _l("Clinics"),
    "conflict": _l("Conflicts of interest"),
    "credential": _l("Licenses and certificates"),
    "directory": _l("The directory itself"),
    "evidence": _l("Evidence"),
    "finding": _l("Disputed findings"),
    "lease": _l("Work taken and given back"),
    "organization": _l("Owners"),
    "practitioner": _l("People who treat"),
    "role": _l("Posts at clinics"),
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
