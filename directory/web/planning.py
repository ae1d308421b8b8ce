"""The facts of the plan, read once for as long as no act changes them."""

import threading
from dataclasses import dataclass, field

from flask import current_app

from directory.extensions import db
from directory.operations.plan import Facts, fingerprint, read_facts
from directory.web.state import catalogue, here

PLACE = "directory_plan"


@dataclass
class _Kept:
    lock: threading.Lock = field(default_factory=threading.Lock)
    mark: tuple[object, ...] = ()
    facts: Facts | None = None


def facts() -> Facts:
    """Return what the plan rests on; call it before anything is written in the request."""
    kept: _Kept = current_app.extensions.setdefault(PLACE, _Kept())
    session = db.session()
    mark = (*fingerprint(session), catalogue().edition, here().two_person)
    with kept.lock:
        if kept.facts is None or kept.mark != mark:
            kept.facts = read_facts(session, catalogue(), two_person=here().two_person)
            kept.mark = mark
        return kept.facts
