"""Memory of the imports, measured in processes of their own: it does not grow with the file."""

import pytest

from tests.support import leie_file, nppes_file

MOST = 150
FEW, MANY = 2_000, 22_000
LISTED = 80_000
"""Rows of the exclusion list, which is held whole while it is compared."""
LIST_MOST = 250


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    """A small and a big file of the registry, about 4 and 40 megabytes."""
    folder = tmp_path_factory.mktemp("months")
    return [nppes_file.generate(folder / f"{n}-{nppes_file.MONTH}", n) for n in (FEW, MANY)]


@pytest.fixture(scope="module")
def lists(tmp_path_factory):
    """A small and a bigger exclusion list."""
    folder = tmp_path_factory.mktemp("lists")
    rows = leie_file.invented_rows(5, 5 * FEW)
    return [leie_file.write(folder / f"{n}.csv", rows[:n]) for n in (FEW, 5 * FEW)]


def held(databases, mortal, files, *words, **order):
    """Return the most memory that importing each file took, in megabytes."""
    found = []
    for file in files:
        url = databases.fresh("loaded")
        end = mortal.run(url, "import", *words, str(file), whole=True, **order)
        assert end.code == 0, end.stderr
        databases.drop(url)
        found.append(end.megabytes)
    return found


def test_the_registry_is_read_in_constant_memory(databases, mortal, registry):
    small, big = held(databases, mortal, registry, "nppes")
    assert big < MOST
    assert big - small < 8, "a tenth of the file may be kept, and no more"


def test_the_control_that_holds_what_it_reads_is_caught(databases, mortal, registry):
    small, big = held(databases, mortal, registry, "nppes", hoards=True)
    assert big - small > 16


def test_the_exclusion_list_takes_little_for_each_row(databases, mortal, lists):
    small, big = held(databases, mortal, lists, "leie")
    each = (big - small) / (4 * FEW)
    assert small + each * (LISTED - FEW) < LIST_MOST
