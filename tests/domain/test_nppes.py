"""Who in the national registry may be an infusion clinic, and what an address really is."""

import csv
import re

import pytest

from directory.domain import nppes
from directory.domain.nppes import AddressFlag, Reason, entry_of, reasons_for
from directory.domain.nppes_layout import COLUMNS, MEMBER, TAXONOMIES, read_name
from tests.support.nppes_file import CANARY, MAILING, blank, npi, row

NPI = npi(1)


@pytest.mark.parametrize(
    ("changes", "reasons"),
    [
        ({"ORGANIZATION": "EXAMPLE HARBOR"}, [Reason.INFUSION_CODE]),
        ({}, [Reason.INFUSION_CODE, Reason.INFUSION_NAME]),
        ({"ORGANIZATION": "Ketamine House", "TAXONOMY": "225100000X"}, [Reason.KETAMINE_NAME]),
        ({"OTHER_ORGANIZATION": "EsKETAmine", "TAXONOMY": ""}, [Reason.KETAMINE_NAME]),
        ({"ORGANIZATION": "HARBOR IV THERAPY", "TAXONOMY": "261QP3300X"}, [Reason.INFUSION_NAME]),
        ({"ORGANIZATION": "HARBOR I.V. ROOM", "TAXONOMY": "207L00000X"}, [Reason.INFUSION_NAME]),
        ({"ORGANIZATION": "HARBOR IV DRIP", "TAXONOMY": "3336H0001X"}, []),
        ({"ORGANIZATION": "HOME INFUSION PHARMACY", "TAXONOMY": "3336H0001X"}, []),
        ({"ORGANIZATION": "LOUIS IV", "TAXONOMY": "261QP3300X"}, []),
        ({"ORGANIZATION": "RIVER CLINIC", "TAXONOMY": "261QP3300X"}, []),
        ({"TAXONOMY": "", "LAST_TAXONOMY": "261QI0500X"}, "code in the last place"),
        ({"ENTITY": "1"}, []),
        ({"ENTITY": "1", "STREET_2": "KETAMINE SUITE"}, [Reason.KETAMINE_PERSON]),
        ({"ENTITY": "1", "LAST_NAME": "KETAMINSKI"}, []),
        ({"ENTITY": ""}, []),
        ({"COUNTRY": "CA", "STATE": "ON"}, []),
        ({"COUNTRY": "US", "STATE": "XX"}, []),
        ({"DEACTIVATED": "01/31/2026"}, []),
        ({"DEACTIVATED": "01/31/2026", "REACTIVATED": "02/01/2026"}, "active again"),
        ({"DEACTIVATED": "03/31/2026", "REACTIVATED": "02/01/2026"}, []),
    ],
)
def test_why_a_row_is_picked(changes, reasons):
    usual = [Reason.INFUSION_CODE, Reason.INFUSION_NAME]
    wanted = reasons if isinstance(reasons, list) else usual
    assert list(reasons_for(row(NPI, **changes))) == wanted


def test_a_territory_is_at_home():
    assert reasons_for(row(NPI, COUNTRY="PR", STATE="PR"))
    assert reasons_for(row(NPI, COUNTRY="", STATE="puerto rico"))
    assert not reasons_for(row(NPI, COUNTRY="PR", STATE="TX"))


def test_every_infusion_word_holds_its_part():
    """The quick reader looks for the part, so a word without it would be lost."""
    samples = (
        "INFUSION INFUSIONS infused IV-LOUNGE iv  bar I.V. I. V. drip Psychedelics spravato "
        "intravenous INTERVENTIONAL  PSYCHIATRY"
    )
    for part, words in nppes.INFUSION_WORDS.items():
        found = re.findall(words, samples, re.IGNORECASE | re.ASCII)
        assert found, part
        assert all(part in word.upper() for word in found)


def test_an_entry_is_clean_and_holds_no_mailing_address():
    values = row(
        NPI,
        ORGANIZATION="  EXAMPLE \u200bHARBOR\x00\n INFUSION ",
        STREET_2="SUITE 4",
        STATE="Arizona",
        POSTAL_CODE="85004-1234",
        PHONE="(602) 555-0100",
    )
    entry = entry_of(values)
    assert entry.name == "EXAMPLE HARBOR INFUSION"
    assert (entry.street, entry.state, entry.postal_code) == (
        "100 EXAMPLE AVENUE SUITE 4",
        "AZ",
        "85004",
    )
    assert entry.phone == "+16025550100"
    assert CANARY not in str(entry)
    assert all(place not in MAILING for place in (nppes.STREET, nppes.CITY, nppes.PHONE))


def test_the_fingerprint_changes_with_what_is_said_and_only_with_that():
    same = entry_of(row(NPI)).fingerprint
    assert entry_of(row(NPI, ORGANIZATION="EXAMPLE  HARBOR INFUSION CENTER")).fingerprint == same
    for changes in ({"PHONE": "6025550101"}, {"STREET": "PO BOX 1"}, {"DEACTIVATED": "01/31/2026"}):
        assert entry_of(row(NPI, **changes)).fingerprint != same


def test_a_deactivated_row_is_empty():
    entry = entry_of(blank(NPI, "05/01/2026"))
    assert (entry.name, str(entry.deactivated_on)) == ("", "2026-05-01")


@pytest.mark.parametrize(
    ("street", "flag"),
    [
        ("PO BOX 12", AddressFlag.PO_BOX),
        ("P.O. Box 12", AddressFlag.PO_BOX),
        ("P O BOX 9", AddressFlag.PO_BOX),
        ("Post Office Box 9", AddressFlag.PO_BOX),
        ("BOX 4", AddressFlag.PO_BOX),
        ("10 MAIN STREET PMB 4", AddressFlag.MAILBOX),
        ("THE UPS STORE 4", AddressFlag.MAILBOX),
        ("10 MAIN STREET", None),
        ("100 BOXWOOD LANE", None),
        ("5 POBLANO COURT", None),
    ],
)
def test_mailboxes_are_flagged(street, flag):
    assert nppes.address_flag(street) is flag


@pytest.mark.parametrize(
    ("text", "five"),
    [("850041234", "85004"), ("85004-1234", "85004"), ("02108", "02108"), ("2108", ""), ("", "")],
)
def test_zip_codes_have_five_digits(text, five):
    assert nppes.zip_code(text) == five


@pytest.mark.parametrize("text", ["", "000-000-0000", "5550100", "011 44 20 7946 0000"])
def test_what_is_no_phone_number_is_none(text):
    assert nppes.phone_of(text) is None


def test_the_layout_has_330_columns_and_15_codes():
    assert len(COLUMNS) == len(set(COLUMNS)) == 330
    assert [COLUMNS[n] for n in TAXONOMIES] == [
        f"Healthcare Provider Taxonomy Code_{n}" for n in range(1, 16)
    ]
    assert next(csv.reader([",".join(COLUMNS[:4])])) == list(COLUMNS[:4])


@pytest.mark.parametrize(
    ("names", "weekly", "dated"),
    [
        (("npidata_pfile_20050523-20260510.csv", None), False, "2026-05-10"),
        (("npidata_pfile_20260504-20260510.csv", None), True, "2026-05-10"),
        (("NPPES_050426_051026_Weekly.zip", None), True, "None"),
        (("month.zip", "npidata_pfile_20050523-20260510.csv"), False, "2026-05-10"),
        (("registry.csv", None), False, "None"),
        (("npidata_pfile_20269999-99999999.csv", None), False, "None"),
    ],
)
def test_what_a_file_name_tells(names, weekly, dated):
    told = read_name(*names)
    assert (told.weekly, str(told.dated)) == (weekly, dated)


def test_which_member_of_a_zip_is_meant():
    assert MEMBER.search("npidata_pfile_20050523-20260510.csv")
    assert MEMBER.search("NPPES Deactivated NPI Report 20260510.xlsx")
    for other in (
        "npidata_pfile_20050523-20260510_FileHeader.csv",
        "npidata_pfile_20050523-20260510_fileheader.csv",
        "othername_pfile_20050523-20260510.csv",
        "pl_pfile_20050523-20260510.csv",
        "NPPES_Data_Dissemination_Readme_v.2.pdf",
    ):
        assert not MEMBER.search(other)
