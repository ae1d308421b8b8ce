"""An edit reads a few rows of the list, and finds in them all that the whole list would give."""

import gc
import weakref
from collections import Counter
from random import Random

import pytest
from sqlalchemy import create_engine, insert, select
from sqlalchemy.orm import Session

from directory.domain import listed as listed_names
from directory.domain.clinic_entry import PersonFacts, read_clinic
from directory.domain.exclusions import Index, Kind, Sign, Subject
from directory.domain.screening import CouldNot, Result
from directory.models import Event, ExclusionRow, Organization, Practitioner
from directory.models.engine import tune
from directory.operations import screening_sieve
from directory.operations.clinic_import import import_clinics, read_table
from directory.operations.editing import create_clinic, plan_edit
from directory.operations.exclusions import listed_rows
from directory.operations.practitioners import create_person
from tests.checklist import CATALOGUE
from tests.factories import NOW, make_clinic
from tests.operations.edits import FACTS
from tests.operations.screened import NPI, listed, load, matches, owner, person, screen, site
from tests.operations.test_screening import result_of
from tests.support import leie_file
from tests.support.clinics_file import clinic_row
from tests.support.leie_file import BUSINESS_WORDS, Names, invented_rows, npi, typo

COMPOUND = (" DE LA ", "-", " ", "'", " VAN DER ")


def many_rows(random, names):
    """Return 3,000 rows with all that makes a name hard to find again."""
    rows = invented_rows(11, 2_000, names)
    for number, ((one, first), (other, second)) in enumerate(
        zip(names.people(random, 700), names.people(random, 700), strict=True)
    ):
        last = one + random.choice(COMPOUND) + other
        given = random.choice((first, f"{first} {second}", first[0], f"{first}{second}{first}"))
        rows.append(leie_file.person(last[:20], given[:15], NPI=npi(60_000_000 + number)))
    for one, first in names.people(random, 250):
        words = [one, first, *random.sample(BUSINESS_WORDS, 3), "LLC"]
        rows.append(leie_file.business(" ".join(words)[: random.choice((16, 29, 30))]))
    for last, first in names.people(random, 50):
        rows.append(leie_file.person(last[:2], first[:2]))
    return rows


def as_listed(number, row):
    """Return a row of the file as a row of the database."""
    return listed(
        last_name=row["LASTNAME"],
        first_name=row["FIRSTNAME"],
        business_name=row["BUSNAME"],
        npi=row["NPI"] if row["NPI"].strip("0") else None,
        city=row["CITY"],
        state=row["STATE"],
        postal_code=row["ZIP"],
        street=f"{number} INVENTED ROAD",
    )


def accented(random, word):
    """Return the word with an accent, as it is written outside of the list."""
    return word.replace(random.choice("AEO"), random.choice("ÁÈÖ"))


def people_of(random, row, names):
    """Return names of a person as staff may type them, when the list has this row."""
    last, first = row["LASTNAME"], row["FIRSTNAME"].title()
    other_last, other_first = names.people(random, 1)[0]
    longer = last + random.choice(("", "SON", " EXAMPLE", "-EXAMPLE"))
    yield random.choice(
        (
            f"{first} {last}",
            f"Dr. {typo(random, first)} {typo(random, last)}, MD",
            f"{first} {longer}",
            f"{first} {typo(random, longer)}",
            f"{first} {accented(random, last)}",
            f"{other_first} {other_last} {last}",
            f"{first} {other_last}-{last}",
            f"{first} ({last}) {other_last}",
            f"{last}, {first}",
            f"{first}anne {last.split()[-1]}",
        )
    )


def subjects_of(random, rows, names):
    """Return people and businesses: rows as they are, misspelled, longer, and strangers."""
    found = {}
    for number, row in enumerate(random.sample(rows, 120) + rows[-1_000::5]):
        if row["LASTNAME"]:
            kind, called = Kind.PERSON, tuple(people_of(random, row, names))
        else:
            longer = row["BUSNAME"].title() + random.choice(("", " LLC", "s Inc", " of Example"))
            kind, called = Kind.BUSINESS, (random.choice((longer, typo(random, longer))),)
        number_of_row = random.choice((None, None, row["NPI"], npi(number)))
        if number % 6 == 2:
            called, number_of_row = ("Robin Harmlessperson",), row["NPI"]
        if number % 9 == 0:
            kind = Kind.BUSINESS if kind is Kind.PERSON else Kind.PERSON
        found["one", number] = Subject(
            kind=kind,
            names=called if number % 3 else (*called, "Nobody Known"),
            npi=number_of_row,
            states=frozenset([row["STATE"]] if number % 2 else []),
            zips=frozenset([row["ZIP"]]),
            cities=frozenset([row["CITY"].title()]),
        )
    for number, (last, first) in enumerate(names.people(random, 40)):
        found["stranger", number] = Subject(kind=Kind.PERSON, names=(f"{first} {last}",))
    return found


@pytest.fixture(scope="module")
def loaded(databases):
    """A session on a list of 3,000 rows, who is compared with it, and all their hits."""
    random, names = Random(7), Names.seeded(7, lasts=900, firsts=120)
    rows = many_rows(random, names)
    subjects = subjects_of(random, rows, names)
    url = databases.fresh("migrated")
    engine = create_engine(url)
    tune(engine)
    with Session(engine) as session:
        session.execute(insert(ExclusionRow), [as_listed(*row) for row in enumerate(rows)])
        session.commit()
        index = Index(listed_rows(session))
        yield session, subjects, {key: index.hits(one) for key, one in subjects.items()}
    engine.dispose()
    databases.drop(url)


def lost(loaded, at_once=1, every=1):
    """Return those whose hits by the sieve are not the hits in the whole list."""
    session, subjects, hits = loaded
    screening_sieve._sieves.clear()
    found = {}
    keys = list(subjects)[::every]
    for start in range(0, len(keys), at_once):
        some = {key: subjects[key] for key in keys[start : start + at_once]}
        found |= screening_sieve.hits_of(session, some)
    screening_sieve._sieves.clear()
    return [key for key in keys if found[key] != hits[key]]


def test_the_sieve_finds_what_the_whole_list_gives(loaded):
    _session, subjects, hits = loaded
    signs = Counter(sign for found in hits.values() for hit in found for sign in hit.why)
    floors = {Sign.NPI: 40, Sign.NAME: 100, Sign.NEAR_NAME: 40, Sign.INITIAL: 10}
    assert all(signs[sign] >= floor for sign, floor in floors.items()), signs
    assert len(subjects) >= 350
    assert lost(loaded) == []


def test_several_at_once_find_the_same_and_few_rows_are_read(loaded):
    session, subjects, _hits = loaded
    assert lost(loaded, 40, every=3) == []
    sieve = screening_sieve.sieve(session)
    some = list(subjects.values())[::7]
    rows = [len(screening_sieve.candidates(sieve, [one])) for one in some]
    assert 0 < sum(rows) / len(rows) < 60


def test_many_are_found_in_the_whole_list(loaded, monkeypatch):
    monkeypatch.setattr(screening_sieve, "FEW", 20)
    monkeypatch.setattr(screening_sieve, "sieve", None)
    assert lost(loaded, 200) == []


def no_cuts(words, _lengths):
    return list(words)


def just_the_word(word, _letters):
    return {word}


def no_parts(row):
    return last_forms(row)[0], set()


last_forms = listed_names.last_forms


@pytest.mark.parametrize(
    ("name", "broken"),
    [("_with_cuts", no_cuts), ("mistaken", just_the_word), ("last_forms", no_parts)],
)
def test_the_control_that_forgets_something_is_caught(loaded, monkeypatch, name, broken):
    class Forgetful(listed_names.Sieve):
        def __init__(self, rows):
            with monkeypatch.context() as patch:
                patch.setattr(listed_names, name, broken)
                super().__init__(rows)

        def candidates(self, *more):
            with monkeypatch.context() as patch:
                patch.setattr(listed_names, name, broken)
                return super().candidates(*more)

    monkeypatch.setattr(screening_sieve, "Sieve", Forgetful)
    assert len(lost(loaded, 50, every=3)) > 5


def test_the_control_without_numbers_is_caught(loaded, monkeypatch):
    class Nameless(listed_names.Sieve):
        def candidates(self, names, _npis):
            return super().candidates(names, [])

    monkeypatch.setattr(screening_sieve, "Sieve", Nameless)
    assert len(lost(loaded, every=2)) > 5


def test_the_statements_are_the_same_for_one_and_for_many(loaded, statements):
    session, subjects, _hits = loaded
    screening_sieve.sieve(session)
    counts = set()
    for some in (dict([item]) for item in list(subjects.items())[:10]):
        with statements() as made:
            screening_sieve.hits_of(session, some)
        counts.add(len(made))
    with statements() as made:
        screening_sieve.hits_of(session, dict(list(subjects.items())[:60]))
    assert counts | {len(made)} == {3}  # which list, its size, and the rows that may be somebody


def kept_indexes(monkeypatch, module):
    """Note every whole index that is made, weakly."""
    made = []

    class Noted(Index):
        def __init__(self, rows):
            super().__init__(rows)
            made.append((weakref.ref(self), len(self)))

    monkeypatch.setattr(module, "Index", Noted)
    return made


def test_comparing_everyone_reads_the_whole_list_and_keeps_nothing(directory, monkeypatch):
    site(directory)
    load(directory, *[listed(street=f"{number} INVENTED ROAD") for number in range(30)])
    made = kept_indexes(monkeypatch, screening_sieve)
    screening_sieve._sieves.clear()
    screen(directory)
    gc.collect()
    assert [(index(), size) for index, size in made] == [(None, 30)]
    assert screening_sieve._sieves == {}


def test_a_new_list_is_seen_by_the_next_edit(session):
    subjects = {("one", 1): Subject(kind=Kind.PERSON, names=("Dana Example",))}
    load(session, listed(last_name="OTHER"))
    assert screening_sieve.hits_of(session, subjects)["one", 1] == []
    load(session, listed())
    assert len(screening_sieve.hits_of(session, subjects)["one", 1]) == 1
    assert len(screening_sieve._sieves) == 1


def lines(session):
    """Return the acts on the log, the oldest first."""
    return list(session.scalars(select(Event.act).order_by(Event.id)))


def draft(session, actor, gazetteer, **changes):
    """Write a new clinic as staff do."""
    facts = read_clinic(FACTS | {"name": "New Example Infusion"} | changes)
    planned = plan_edit(session, CATALOGUE, gazetteer, None, facts)
    return create_clinic(session, actor, NOW, CATALOGUE, planned, two_person=True)


def new_person(session, actor, kind=Practitioner, **changes):
    """Write a new person or owner as staff do."""
    profession = "MD" if kind is Practitioner else ""
    facts = PersonFacts(**{"name": "Dana Example", "profession": profession, "npi": None} | changes)
    return create_person(session, actor, NOW, CATALOGUE, kind, facts, two_person=True)


def test_a_new_person_is_compared_at_once(directory, actor):
    load(directory, listed(npi=NPI))
    dana = new_person(directory, actor, npi=NPI)
    (match,) = matches(directory)
    assert (match.subject, match.tier) == (("practitioner", dana.id), 1)
    assert result_of(directory, dana).result is Result.POSSIBLE
    assert lines(directory)[-2:] == ["practitioner:created", "match:found"]


def test_a_new_owner_is_compared_at_once(directory, actor):
    load(directory, listed(last_name="", first_name="", business_name="EXAMPLE HEALTH LLC"))
    held = new_person(directory, actor, Organization, name="Example Health")
    assert [match.subject for match in matches(directory)] == [("organization", held.id)]
    assert lines(directory)[-2:] == ["organization:created", "match:found"]


def test_a_new_draft_is_compared_at_once_with_its_owner(directory, actor, gazetteer):
    listed_one = make_clinic(directory)
    held = owner(directory, listed_one, "Invented Holdings LLC")
    load(
        directory,
        listed(
            last_name="", first_name="",
            business_name="NEW EXAMPLE INFUSION", postal_code=FACTS["postal_code"],
        ),
    )  # fmt: skip
    clinic = draft(directory, actor, gazetteer, organization=str(held.id))
    (match,) = matches(directory)
    assert (match.subject, match.tier) == (("clinic", clinic.id), 3)
    assert result_of(directory, clinic).result is Result.POSSIBLE
    assert result_of(directory, held).result is Result.NO_MATCH_NAME
    assert "match:found" in lines(directory)


def test_new_clinics_of_a_spreadsheet_are_compared_with_their_owners(directory, actor, gazetteer):
    nobody = {"last_name": "", "first_name": ""}
    load(
        directory,
        listed(**nobody, business_name="NEW EXAMPLE INFUSION"),
        listed(**nobody, business_name="INVENTED HOLDINGS LLC"),
    )
    row = clinic_row(1, name="New Example Infusion", organization="Invented Holdings")
    table = read_table([(1, list(row)), (2, list(row.values()))])
    report = import_clinics(
        directory, actor, NOW, CATALOGUE, gazetteer, table, two_person=True
    )  # fmt: skip
    assert (report.added, report.owners, report.problems) == (1, 1, [])
    assert {match.subject[0] for match in matches(directory)} == {"clinic", "organization"}


def test_what_is_new_and_on_no_list_writes_its_own_line_only(directory, actor, gazetteer):
    person(directory, make_clinic(directory), name="Kim Harmless")
    load(directory, listed(npi=NPI))
    for make, act in (
        (lambda: new_person(directory, actor, name="Sam Harmless"), "practitioner:created"),
        (
            lambda: new_person(directory, actor, Organization, name="Harmless Health"),
            "organization:created",
        ),
        (lambda: draft(directory, actor, gazetteer), "clinic:created"),
    ):
        before = len(lines(directory))
        row = make()
        assert lines(directory)[before:] == [act]
        told = result_of(directory, row)
        if act == "clinic:created":
            assert told.reason is CouldNot.NOBODY_IN_CHARGE
        else:
            assert told.result is Result.NO_MATCH_NAME


def test_a_fault_while_comparing_writes_nobody(directory, actor, monkeypatch):
    load(directory, listed(npi=NPI))
    directory.commit()
    before = lines(directory)

    def broken(*_args):
        raise RuntimeError

    monkeypatch.setattr("directory.operations.screening.hits_of", broken)
    with pytest.raises(RuntimeError):
        new_person(directory, actor)
    directory.rollback()
    assert lines(directory) == before
    assert directory.scalars(select(Practitioner)).all() == []
