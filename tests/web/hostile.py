"""Queries that nobody types by accident: seeded, so that a failure comes back."""

import random
from collections.abc import Iterator
from urllib.parse import quote

SEED = 20260101
COUNT = 2_000
NAMES = (
    "near",
    "lat",
    "lon",
    "within",
    "treats",
    "offers",
    "has",
    "standing",
    "accepting",
    "sort",
    "page",
    "q",
)
ODD_NAMES = (
    "",
    "near[]",
    "c",
    "__proto__",
    "near\x00",
    "ne%61r",
    "😀",
    "a" * 300,
    "_method",
    "NEAR",
)
HARMLESS = {
    "near": ["85004", "Phoenix, AZ", "phonix", "Texas", "San Juan, PR", "Guam", "Springfield"],
    "within": ["1", "25", "250", "99.5"],
    "treats": ["depression", "ptsd", "pain"],
    "offers": ["iv", "im", "esketamine"],
    "has": ["sup-acls", "mon-vitals"],
    "standing": ["complete", "partial", "warning"],
    "accepting": ["1", ""],
    "sort": ["distance", "standing"],
    "q": ["pho", "san", "85"],
}
NUMBERS = (
    *("NaN", "nan", "-nan", "inf", "-Infinity", "1e308", "-1e308", "1e309", "1e-400", "-0.0"),
    *("-1", "0", "1000000000", "2147483648", "9223372036854775807", "9223372036854775808"),
    *(
        "9" * 400,
        "9" * 5000,
        "0x10",
        "1_000",
        "1,5",
        "٣٣",
        "１２",
        "²",
        "½",
        "1e",
        "+-1",
        ".",
        "--",
    ),
    *("90.0000001", "-180.1", "1" + "0" * 100, "0" * 300 + "1"),
)
TEXTS = (
    *("", " ", "\t\r\n", "\x00", "85004\x00", "\x00Phoenix", "\x01\x1f\x7f", "\x85", "\u2028"),
    *("\u202e", "\u200d" * 50, "\ufeff", "\ufffd", "\ufdfa" * 66, "\U0010ffff", "a\u0300" * 150),
    *(
        "😀",
        "👩🏽‍⚕️" * 30,
        "💊 Phoenix, AZ 💉",
        "Ⅷ",
        "ﬁ",
        "İstanbul",
        "ß" * 200,
        "Ελλάδα",
        "東京",
        "نيويورك",
    ),
    *("a" * 200, "a" * 201, "a" * 10_000, "é" * 5_000, "85004 " * 1_500, "," * 199, ", " * 99),
    *("-" * 200, "9" * 200, "'" * 200, "(" * 200, "a,b," * 49, "1 " * 100, "." * 200),
    *("' OR 1=1 --", "'; DROP TABLE clinic; --", '") UNION SELECT name FROM staff_user --'),
    *("1) OR (1=1", "%", "_", "%%%s%(x)s", "\\", "\\'", "$1", ":near", "?", "{}", "%d", "*", '"'),
    *("MATCH *", "near NEAR/2 far", "name:*", "NOT", "AND OR", "^a", '"unclosed', "a* b*", "-a"),
    *("{{7*7}}", "${7*7}", "#{1}", "<%= 1 %>", "<script>alert(1)</script>", '"><img src=x>'),
    *("../../../etc/passwd", "file:///etc/passwd", "http://169.254.169.254/", "//evil.example.com"),
    *("a\r\nSet-Cookie: a=b", "null", "undefined", "None", "true", "[]", "[1,2]", '{"a":1}'),
    *("00000", "99999", "85004-9999", "09001", "8500", "850045", "PO Box 1", "APO AE 09001"),
    *("Paris, France", "London", "Springfield", "Bay Area", "St. Louis", "AZ", "ZZ", "US", "USA"),
)
RAW = (
    *("%", "%%", "%zz", "%u0041", "%00", "%ED%A0%80", "%ED%B0%80%ED%A0%80", "%FF%FE", "%C3"),
    *("%F5%80%80%80", "%C0%AF", "%E2%28%A1", "%F0%9F%98", "%80", "\xff\xfe", "\x00", "\xc3(", "+"),
    *("&", "&&&&", "=", "==", ";", "?", "#", "a=b;c=d", "near", "near=", "=near", "[]=1", "&=&"),
)


def queries(count: int = COUNT, seed: int = SEED) -> Iterator[str]:
    """Yield distinct raw query strings as they travel: latin-1 text, percent-encoded or not.

    Half of them hold one hostile value in a search that would else succeed, a quarter only
    hostile ones, and a quarter harmless values with hostile ones under names nobody reads.
    """
    choose = random.Random(seed)
    alone = sorted({*_each_alone()})
    choose.shuffle(alone)
    made = dict.fromkeys(alone[: count // 2])
    while len(made) < count:
        hostile = len(made) % 2
        pairs = [_hostile(choose) if hostile else _harmless(choose) for _ in range(_many(choose))]
        if not hostile:
            pairs += ["near=85004", _unread(choose)]
        made["&".join(pairs)] = None
    yield from made


def _each_alone() -> Iterator[str]:
    for name in NAMES:
        good = "" if name in ("near", "q") else "near=85004&"
        for value in (*NUMBERS, *TEXTS):
            yield f"{good}{name}={quote(value, safe='')}"
        for raw in RAW:
            yield f"{good}{name}={raw}"


def _many(choose: random.Random) -> int:
    return choose.choice((1, 2, 3, 5, 60))


def _hostile(choose: random.Random) -> str:
    if choose.random() < 0.2:
        return f"{choose.choice(NAMES)}={choose.choice(RAW)}"
    return f"{choose.choice(NAMES)}={quote(choose.choice((*NUMBERS, *TEXTS)), safe='')}"


def _harmless(choose: random.Random) -> str:
    name = choose.choice(list(HARMLESS))
    return f"{name}={quote(choose.choice(HARMLESS[name]))}"


def _unread(choose: random.Random) -> str:
    return f"{quote(choose.choice(ODD_NAMES))}={quote(choose.choice(TEXTS)[:500])}"


PATHS = (
    *("/clinics/0", "/clinics/-1", "/clinics/9223372036854775807", "/clinics/9223372036854775808"),
    *("/clinics/" + "9" * 500, "/clinics/1-", "/clinics/1-" + "x" * 5_000, "/clinics/1-\x00"),
    *("/clinics/1-\xff\xfe", "/clinics/1-%2e%2e%2f", "/clinics/1-../../etc", "/clinics/\xd9\xa1"),
    *(
        "/clinics/1.0",
        "/clinics/1e3",
        "/clinics/NaN",
        "/clinics/0x1",
        "/clinics/1-'--",
        "/clinics/",
    ),
    *("/clinics//1", "//clinics", "//evil.example.com/%2f..", "/\x00", "/\xff", "/.git/config"),
    *("/api/v1/clinics/-1", "/api/v1/clinics/9223372036854775807", "/api/v1/clinics/1-\x00"),
    *("/api/v1/clinics/\xf0\x9f\x98\x80", "/api/v1/\x00", "/api/v2/clinics", "/api/", "/static/"),
    *("/static/../settings.py", "/static/..%2f..%2fetc/passwd", "/static/\x00", "/static/css/"),
    *(
        "/static/css/\xff.css",
        "/clinics/",
        "/static/" + "a" * 5_000,
        "/" + "a" * 20_000,
        "/" + "../" * 50,
    ),
)
"""Addresses as the server gets them: unquoted bytes, as latin-1 text."""
