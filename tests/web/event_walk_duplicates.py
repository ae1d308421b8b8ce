"""The scenes of clinics that may be one; see event_walk.py."""

import re
from dataclasses import replace

from directory.models import Merge
from tests.support.staff import post, sign_in
from tests.web.event_walk import SCENES, Sent, newest, scene, staff
from tests.web.outside import listed_clinic
from tests.web.test_editing_pages import button

__all__ = ["SCENES"]


def two(app):
    """Return the numbers of two public clinics, the lower first."""
    return listed_clinic(app), listed_clinic(app)


def decided(app, act, *subjects, **data):
    """Return a decision on two clinics as its page sends it."""
    low, high = two(app)
    fields = {"left": "1", "right": "1", "reason": "Called both numbers.", **data}
    return staff(app, f"/admin/duplicates/{low}/{high}/{act}", *subjects, **fields)


def numbers(sent):
    """Return the two clinics that a request is about."""
    return [int(number) for number in re.findall(r"\d+", sent.url)]


@scene("duplicates.apart", "clinic:told_apart")
def not_the_same(app):
    sent = decided(app, "apart")
    return replace(sent, subjects=(numbers(sent)[0],))


@scene("duplicates.merge", nothing="a preview of what a merge would do changes nothing")
def merge_previewed(app):
    return replace(decided(app, "merge", keep="left"), status=200)


def merging(app, keep):
    """Return a merge as it is sent once its consequences were seen."""
    sent = decided(app, "merge", keep=keep)
    left, right = numbers(sent)
    kept, merged = (left, right) if keep == "left" else (right, left)
    data = sent.data | {"previewed": button(post(sent.browser, sent.url, sent.data))}
    return replace(sent, data=data, subjects=(kept, merged), status=303)


for side in ("left", "right"):
    scene("duplicates.merge", "clinic:merged", "clinic:merged", name=side)(
        lambda app, side=side: merging(app, side)
    )


@scene("duplicates.undo", "clinic:unmerged", "clinic:unmerged")
def taken_apart(app):
    sent = merging(app, "left")
    assert sent.send().status_code == 303
    url = f"/admin/duplicates/merges/{newest(app, Merge)}/undo"
    browser = sign_in(app)
    return Sent(browser, url, {"reason": "Two doors."}, browser.user_id, sent.subjects)
