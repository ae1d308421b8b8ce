"""Comparing clinics: the same truth as their pages, what differs first, and no rank of any kind."""

import re

import pytest

from directory.domain.findings import Outcome
from directory.domain.standing import Listing
from directory.extensions import db
from directory.models import Clinic, SearchRow
from directory.models.engine import begin_writing
from directory.operations import replies
from directory.operations.vetting import publish
from tests.checklist import CATALOGUE
from tests.factories import NOW, make_clinic, make_user
from tests.operations.edits import TODAY, checked
from tests.operations.merges import merged_into
from tests.support.apps import running
from tests.support.inspection import Page, spoken
from tests.web.outside import set_clock
from tests.web.test_pages import heading, with_standing, words

RANKING = re.compile(
    r"(?i)\b(best|better|worse|worst|winner|wins|score|rank|rating|stars?|safer|safest|top)\b"
)
COUNTS = re.compile(r"(?i)\b\d+ (of|out of) \d+\b|\d\s?%")
STANDINGS = ("complete", "partial", "unchecked", "warning", "suspended")


def parsed(answer):
    return Page(answer.text, "localhost", "")


def compared(client, *ids, **more):
    return client.get("/compare", query_string={"c": list(ids)} | more)


def classes(element):
    return element.get("class", "").split()


def by_class(page, name):
    return [element for element in page.all if name in classes(element)]


def rows(answer):
    """Return each line of the tables: its title and the text of each cell, without its label."""
    found = {}
    for row in parsed(answer).named("tr"):
        cells = [cell for cell in row if cell.tag == "td"]
        if cells:
            found[spoken(next(iter(row)))] = [
                " ".join(spoken(part) for part in cell if "whose" not in classes(part))
                for cell in cells
            ]
    return found


def on_page(answer):
    """Return what a clinic's own page shows of each criterion, by its title."""
    return {
        spoken(by_class_in(one, "check-title")).removesuffix(" Key check"): spoken(
            by_class_in(one, "state")
        )
        for one in by_class(parsed(answer), "check")
    }


def by_class_in(element, name):
    return next(inner for inner in element.iter() if name in classes(inner))


def alike(answer):
    """Return what is said to be the same everywhere: each title with its heading."""
    found, told = {}, ""
    for element in parsed(answer).all:
        if element.tag == "h3" and "state" in classes(element):
            told = spoken(element)
        elif element.tag == "ul" and "alike" in classes(element):
            found |= {" ".join((item.text or "").split()): told for item in element}
    return found


@pytest.fixture(scope="module")
def of_each_standing(demo_app):
    """The number of one demonstration clinic of each standing."""
    client = demo_app.test_client()
    found = {}
    for code in STANDINGS:
        if code == "suspended":
            with demo_app.app_context():
                rows = db.session.query(SearchRow).all()
                found[code] = next(r.clinic_id for r in rows if r.card["listing"] == "suspended")
        else:
            found[code] = with_standing(client, code)["id"]
    return found


def test_each_check_reads_as_on_the_clinics_own_page(demo_client, of_each_standing):
    ids = list(of_each_standing.values())
    seen = 0
    for group in (ids[:4], ids[1:], ids[:2]):
        answer = compared(demo_client, *group)
        table, same = rows(answer), alike(answer)
        for place, clinic_id in enumerate(group):
            own = on_page(demo_client.get(f"/clinics/{clinic_id}", follow_redirects=True))
            assert len(own) == len(CATALOGUE.criteria)
            for title, state in own.items():
                if title in same:
                    assert state.startswith(same[title]), (title, clinic_id)
                else:
                    assert table[title][place].startswith(state), (title, clinic_id)
                seen += 1
    assert seen == 10 * len(CATALOGUE.criteria)


def test_every_check_is_there_once_and_just_those_that_differ_are_in_the_table(
    demo_client, of_each_standing
):
    answer = compared(demo_client, of_each_standing["complete"], of_each_standing["unchecked"])
    titles = {criterion.title for criterion in CATALOGUE.criteria}
    table, same = titles & rows(answer).keys(), titles & alike(answer).keys()
    assert table | same == titles
    assert table & same == set()
    told = re.compile(r",.*")
    for title in table:
        assert len({told.sub("", cell) for cell in rows(answer)[title]}) == 2, title


def test_blockers_come_before_all_else_and_the_differences_before_the_tables(
    demo_client, of_each_standing
):
    warned, good = of_each_standing["warning"], of_each_standing["complete"]
    text = compared(demo_client, good, warned).text
    places = [
        text.index(mark) for mark in ('class="blocker"', 'id="differs"', "<table", 'id="same"')
    ]
    assert places == sorted(places)
    first = spoken(by_class(parsed(compared(demo_client, good, warned)), "differences")[0][0])
    assert "we checked, and this is not in place" in first


def test_key_checks_stand_before_the_others(demo_client, of_each_standing):
    answer = compared(demo_client, of_each_standing["complete"], of_each_standing["unchecked"])
    critical = {c.title: c.critical for c in CATALOGUE.criteria}
    order = [critical[title] for title in rows(answer) if title in critical]
    assert order == sorted(order, reverse=True)
    assert True in order
    assert False in order


@pytest.mark.parametrize("count", [2, 3, 4])
def test_nothing_on_it_ranks(demo_client, of_each_standing, count):
    for start in range(3):
        ids = (list(of_each_standing.values()) * 2)[start : start + count]
        said = words(compared(demo_client, *ids)).partition("Place names")[0]
        assert not RANKING.search(said), RANKING.search(said)
        assert not COUNTS.search(said), COUNTS.search(said)


def test_the_control_words_would_be_caught():
    assert RANKING.search("the better clinic")
    assert COUNTS.search("14 of 18 key checks")


def test_nobody_looked_is_said_as_neither_good_nor_bad(demo_client, of_each_standing):
    answer = compared(demo_client, of_each_standing["unchecked"], of_each_standing["complete"])
    assert "Not checked yet" in words(answer)
    assert "not good or bad news" in words(answer)
    unknown = [e for e in by_class(parsed(answer), "state-not-checked") if "state" in classes(e)]
    assert unknown
    assert not [e for e in unknown if {"state-not-met", "state-expired"} & set(classes(e))]


def test_the_title_names_the_clinics_and_search_engines_keep_away(demo_client):
    answer = compared(demo_client, 1, 2, 3)
    with demo_client.application.app_context():
        names = [db.session.get_one(SearchRow, number).card["name"] for number in (1, 2, 3)]
    assert heading(answer) == f"Compare {names[0]}, {names[1]}, and {names[2]}"
    assert answer.headers["X-Robots-Tag"] == "noindex"
    assert "1-800-662-4357" in answer.text


def test_the_clinics_stand_in_the_order_of_the_address(demo_client):
    one, other = compared(demo_client, 1, 2), compared(demo_client, 2, 1)
    assert [cells[::-1] for cells in rows(one).values()] == list(rows(other).values())


def test_each_clinic_can_be_phoned_asked_and_removed_and_another_added(demo_client):
    answer = compared(demo_client, 1, 2, 3)
    links = [a.get("href") for a in parsed(answer).named("a")]
    assert sum(href.startswith("tel:+1") for href in links) >= 3
    for number in (1, 2, 3):
        assert f"/clinics/{number}/questions" in links
        rest = "&".join(f"c={other}" for other in (1, 2, 3) if other != number)
        assert f"/compare?{rest}" in links
    more = next(href for href in links if href.startswith("/clinics?near="))
    assert more.endswith("&c=1&c=2&c=3")
    assert "Chosen to compare" in words(demo_client.get(more))
    assert "Add another clinic" not in words(compared(demo_client, 1, 2, 3, 4))


def test_it_stays_a_table_for_screen_readers_whatever_its_shape(demo_client):
    page = parsed(compared(demo_client, 1, 2))
    roles = {"table": "table", "thead": "rowgroup", "tbody": "rowgroup", "tr": "row", "td": "cell"}
    for tag, role in roles.items():
        assert {element.get("role") for element in page.named(tag)} == {role}
    assert {(e.get("role"), e.get("scope")) for e in page.named("th")} == {
        ("columnheader", "col"),
        ("rowheader", "row"),
        ("rowheader", "rowgroup"),
    }
    for cell in page.named("td"):
        assert spoken(cell[0]), "each cell says whose it is, for narrow screens"


def test_a_state_differs_in_words_and_shape_not_in_colour_alone(demo_client, of_each_standing):
    page = parsed(compared(demo_client, *list(of_each_standing.values())[:4]))
    for state in by_class(page, "state"):
        drawing = next((e for e in state.iter("svg")), None)
        assert drawing is not None
        assert spoken(state)


# What is in the address.


def test_none_or_one_is_no_mistake_but_the_way_to_more(demo_client):
    none = demo_client.get("/compare")
    assert none.status_code == 200
    assert heading(none) == "Compare clinics"
    one = compared(demo_client, 1)
    assert one.status_code == 200
    assert "Choose at least one more" in words(one)
    assert re.search(r'href="/clinics\?near=\d{5}&amp;c=1"', one.text)
    assert '<input type="hidden" name="c" value="1">' in one.text
    assert "1-800-662-4357" in one.text


def test_the_same_clinic_twice_is_one(demo_client):
    assert heading(compared(demo_client, 1, "01", 2, 1)) == heading(compared(demo_client, 1, 2))
    assert "Choose at least one more" in words(compared(demo_client, 1, 1))


def test_more_than_four_are_named_as_left_out(demo_client):
    answer = compared(demo_client, 1, 2, 3, 4, 5, 6)
    assert answer.status_code == 200
    with demo_client.application.app_context():
        names = [db.session.get_one(SearchRow, number).card["name"] for number in (5, 6)]
    assert f"Left out here: {names[0]} and {names[1]}." in words(answer)
    assert all(len(cells) == 4 for cells in rows(answer).values())
    assert "did not look at 3 more" in words(compared(demo_client, *range(1, 24)))


def test_an_unknown_number_is_said_and_the_others_stay(demo_client):
    answer = compared(demo_client, 1, 987654321, 2)
    assert answer.status_code == 200
    assert "no public listing with the number 987654321" in words(answer)
    assert heading(answer) == heading(compared(demo_client, 1, 2))


@pytest.mark.parametrize(
    "typed",
    ["abc", "-1", "1.5", "0", "1;DROP", "٣", "9" * 19, "9" * 5000, "<script>", "1 2", "🙂"],
)
def test_what_is_no_number_is_said_and_the_others_stay(demo_client, typed):
    answer = compared(demo_client, 1, typed, 2)
    assert answer.status_code == 400
    assert "is not the number of a clinic" in words(answer)
    assert heading(answer) == heading(compared(demo_client, 1, 2))


def test_much_of_anything_is_answered_briefly(demo_client):
    answer = demo_client.get("/compare?" + "&".join(f"c={n}&c=x{n}" for n in range(3000)))
    assert answer.status_code == 400
    assert len(answer.text) < 200_000
    assert demo_client.get("/compare?c=&c=+&c=1&c=2").status_code == 200


def test_reading_four_costs_no_more_statements_than_two(instance, databases, statements):
    with running(instance, databases.shared("demo"), cache_mb=0) as app:
        client = app.test_client()

        def cost(*ids):
            with statements() as made:
                compared(client, *ids)
            return len(made)

        compared(client, 1, 2)  # the first page of all reads the edition
        assert 1 < cost(1, 2) == cost(1, 2, 3, 4) <= 4


# What an own database is needed for.


@pytest.fixture
def own(app):
    """An application with three clinics of one name; the second has a check it failed."""
    set_clock(app, NOW)
    with app.app_context():
        session = db.session()
        begin_writing(session)
        clinics = [
            make_clinic(session, name="Sunrise Clinic", city="Phoenix"),
            make_clinic(session, name="Sunrise Clinic", city="Tempe", street="9 Other Road"),
            make_clinic(session, name="Sunrise Clinic", city="Tempe", street="2 Third Street"),
        ]
        checked(session, clinics[0], "sup-acls", "med-locked")
        checked(session, clinics[1], "med-locked", outcome=Outcome.NOT_MET, valid_until=None)
        ids = [clinic.id for clinic in clinics]
        publish(session, CATALOGUE, NOW, ids, two_person=True)
        session.commit()
    return ids


def test_clinics_of_one_name_are_told_apart(client, own):
    assert heading(compared(client, *own)) == (
        "Compare Sunrise Clinic (Phoenix), Sunrise Clinic (9 Other Road, Tempe), "
        "and Sunrise Clinic (2 Third Street, Tempe)"
    )


def test_a_clinic_that_disagrees_is_heard(app, client, own):
    with app.app_context():
        session = db.session()
        begin_writing(session)
        replies.record_reply(
            session,
            make_user(session),
            NOW,
            CATALOGUE,
            session.get_one(Clinic, own[1]),
            "med-locked",
            words="The lock was mended.",
            answered_on=TODAY,
            two_person=True,
        )
        session.commit()
    answer = compared(client, *own[:2])
    title = CATALOGUE.criterion("med-locked").title
    assert rows(answer)[title][1].startswith("Checked: not in place")
    assert "disputed" in rows(answer)[title][1]
    assert "The clinic disagrees." in words(answer)


def test_a_merged_listings_number_means_the_clinic_that_speaks_for_it(app, client, own):
    with app.app_context():
        session = db.session()
        begin_writing(session)
        kept, merged = (session.get_one(Clinic, number) for number in (own[0], own[2]))
        merged_into(session, kept, merged)
        session.commit()
    answer = compared(client, own[2], own[1])
    assert heading(answer) == "Compare Sunrise Clinic (Phoenix) and Sunrise Clinic (Tempe)"
    assert "A listing that you chose is now a part of Sunrise Clinic" in words(answer)
    assert "Choose at least one more" in words(compared(client, own[0], own[2]))


def test_an_unlisted_clinic_is_not_there(app, client, own):
    with app.app_context():
        session = db.session()
        begin_writing(session)
        clinic = session.get_one(Clinic, own[1])
        clinic.listing, clinic.listing_reason = Listing.UNLISTED, "It asked to be."
        publish(session, CATALOGUE, NOW, own, two_person=True)
        session.commit()
    answer = compared(client, *own)
    assert f"no public listing with the number {own[1]}" in words(answer)
    assert heading(answer) == "Compare Sunrise Clinic (Phoenix) and Sunrise Clinic (Tempe)"


def test_what_was_in_place_at_a_suspended_listing_is_set_against_no_other_clinic(app, client, own):
    told = "Several key checks are in place at Sunrise Clinic (Phoenix)"
    for listing in (Listing.LISTED, Listing.SUSPENDED):
        with app.app_context():
            session = db.session()
            begin_writing(session)
            clinic = session.get_one(Clinic, own[0])
            checked(session, clinic, "sup-director", "sup-observer")
            suspended = listing is Listing.SUSPENDED
            clinic.listing, clinic.listing_reason = listing, "A case is open." if suspended else ""
            publish(session, CATALOGUE, NOW, own, two_person=True)
            session.commit()
        page = words(compared(client, own[0], own[2]))
        assert (told in page) is not suspended
        assert ("We have suspended the listing of Sunrise" in page) is suspended


def test_a_check_that_lapses_lapses_here_too(app, client, own):
    title = CATALOGUE.criterion("sup-acls").title
    assert rows(compared(client, *own[:2]))[title][0].startswith("Checked at the source")
    set_clock(app, NOW.replace(year=NOW.year + 3))
    assert rows(compared(client, *own[:2]))[title][0].startswith("Was checked, now out of date")
