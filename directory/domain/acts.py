"""The acts that the log knows: what can be done here, each as `noun:verb`.

An act that is not declared cannot be recorded, so no act is written under two spellings and none
is added without a thought for its words. Keep the list alphabetical.
"""

ACTS = frozenset(
    {
        "case:accepted",
        "case:answered",
        "case:assigned",
        "case:contact_erased",
        "case:declined",
        "case:information_requested",
        "case:linked",
        "case:mail_retried",
        "case:noted",
        "case:received",
        "case:released",
        "case:replied",
        "case:withdrawn",
        "case:words_erased",
        "catalogue:loaded",
        "clinic:closed",
        "clinic:created",
        "clinic:edited",
        "clinic:listed",
        "clinic:suspended",
        "clinic:unlisted",
        "conflict:declared",
        "conflict:withdrawn",
        "credential:created",
        "credential:edited",
        "credential:ended",
        "directory:demonstration",
        "evidence:stored",
        "finding:disputed",
        "finding:undisputed",
        "lease:released",
        "lease:renewed",
        "lease:taken",
        "organization:created",
        "organization:edited",
        "practitioner:created",
        "practitioner:edited",
        "role:created",
        "role:ended",
        "session:revoked",
        "session:signed_in",
        "session:signed_out",
        "staff:disabled",
        "staff:enabled",
        "staff:invited",
        "staff:joined",
        "staff:password_changed",
        "staff:recovery_codes_made",
        "staff:role_changed",
        "verification:changed",
        "verification:confirmed",
        "verification:recorded",
        "verification:refused",
    }
)
"""Every act, as `noun:verb`."""

PUBLIC = frozenset(
    {
        "clinic:closed",
        "clinic:created",
        "clinic:edited",
        "clinic:listed",
        "clinic:suspended",
        "clinic:unlisted",
        "finding:disputed",
        "finding:undisputed",
        "verification:changed",
        "verification:confirmed",
        "verification:recorded",
    }
)
"""The acts on a clinic that its public page tells, each with words in web/wording.py."""
