"""The inspecting client is inspected: each check catches its bad page, and passes a good one."""

import pytest
from flask import Flask, Response, redirect

from tests.support.inspecting import BadAnswer, InspectingClient
from tests.support.inspection import Page, problems_of

GOOD = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Clinics near Phoenix | Directory</title>
<link rel="stylesheet" href="/static/a.css">
<link rel="canonical" href="https://elsewhere.example.org/clinics">
<script type="application/ld+json">{"@context": "https://schema.org"}</script>
</head>
<body>
<header><p>In danger: call 911. In crisis: <a href="tel:988">988</a></p></header>
<main>
<h1>Clinics near Phoenix</h1>
<form action="/clinics" method="get">
<label for="near">Place</label> <input id="near" name="near">
<label><input type="checkbox" name="has" value="a"> Trained</label>
<button>Search</button>
</form>
<h2 id="list">List</h2>
<ul aria-labelledby="list"><li><a href="https://clinic.example.org">A clinic</a></li></ul>
<img src="/static/map.png" alt="">
<svg aria-hidden="true"><path d="M0 0"></path></svg>
<p>Tom &amp; Ann, 5 &lt; 6</p>
<a href="#list">Back</a>
</main>
</body>
</html>"""

BAD = [
    ("structure", "<h2 id=", "<p><h2 id=", "<h1>x</h1></p>"),
    ("structure", "<ul aria-labelledby=\"list\">", "<div>", ""),
    ("structure", "A clinic</a>", "A <button>clinic</button></a>", ""),
    ("structure", "<main>", "<main></main><main>", ""),
    ("structure", "<!DOCTYPE html>", "", ""),
    ("language", '<html lang="en">', "<html>", ""),
    ("headings", "<h1>Clinics near Phoenix</h1>", "<h1>Phoenix</h1>", ""),
    ("headings", "<h1>Clinics near Phoenix</h1>", "", ""),
    ("headings", "List</h2>", "List</h2><h1>Clinics</h1>", ""),
    ("headings", "List</h2>", "List</h2><h4>Skipped</h4>", ""),
    ("headings", "List</h2>", "List</h2><h3> </h3>", ""),
    ("names", '<label for="near">Place</label>', "", ""),
    ("names", '<label for="near">Place</label>', '<label for="near"></label>', ""),
    ("names", '<label for="near">', '<label for="far">', ""),
    ("names", "> Trained</label>", "></label>", ""),
    ("names", ' alt=""', "", ""),
    ("names", ' aria-hidden="true"', "", ""),
    ("names", "A clinic</a>", "</a>", ""),
    ("names", "<button>Search</button>", "<button></button>", ""),
    ("names", "<p>Tom", "<table><tr><td>1</td></tr></table><p>Tom", ""),
    ("references", '<input id="near"', '<input id="list"', ""),
    ("references", 'href="#list"', 'href="#nowhere"', ""),
    ("references", 'aria-labelledby="list"', 'aria-labelledby="nothing"', ""),
    ("inline", "</main>", "<script>1</script></main>", ""),
    ("inline", "</main>", "<p style='color:red'>x</p></main>", ""),
    ("inline", "</head>", "<style>p{}</style></head>", ""),
    ("inline", "<button>", "<button onclick='x()'>", ""),
    ("inline", '{"@context": "https://schema.org"}', "{broken", ""),
    ("hosts", "/static/a.css", "https://cdn.example.com/a.css", ""),
    ("hosts", "/static/map.png", "//tiles.example.com/map.png", ""),
    ("hosts", 'src="/static/map.png"', 'src="/a.png" srcset="/b.png 1x, https://x.org/c 2x"', ""),
    ("hosts", 'action="/clinics"', 'action="https://x.example.com/"', ""),
    ("hosts", "https://clinic.example.org", "javascript:alert(1)", ""),
    ("hosts", '<a href="https', '<a ping="https://count.example.com" href="https', ""),
    ("hosts", "</head>", '<meta http-equiv="refresh" content="0; url=/x"></head>', ""),
    ("hosts", "</main>", '<iframe src="/x" title="x"></iframe></main>', ""),
    ("forms", ' action="/clinics"', "", ""),
    ("forms", ' method="get"', "", ""),
    ("forms", "<button>Search</button>", "", ""),
    ("crisis", ">988<", ">987<", ""),
    ("crisis", "911", "912", ""),
    ("crisis", "<header>", "<h1>Clinics near Phoenix</h1><header>", ""),
    ("leftovers", "Tom &amp; Ann", "{{ name }}", ""),
    ("leftovers", "Tom &amp; Ann", "%(name)s", ""),
    ("leftovers", "Tom &amp; Ann", "Tom &amp;amp; Ann", ""),
    ("leftovers", "Trained", "{% trans %}", ""),
    ("leftovers", "<p>Tom &amp; Ann, 5 &lt; 6</p>", "<p>None</p>", ""),
]  # fmt: skip


def test_a_good_page_has_no_problem():
    assert problems_of(GOOD) == []


@pytest.mark.parametrize(("check", "old", "new", "end"), BAD)
def test_each_check_catches_its_bad_page(check, old, new, end):
    assert old in GOOD
    bad = GOOD.replace(old, new, 1).replace("</main>", f"{end}</main>", 1)
    found = list(getattr(Page, check)(Page(bad, "localhost", "")))
    assert found, f"{check} let a bad page pass"


def test_every_check_has_a_bad_page():
    assert {check.__name__ for check in Page.CHECKS} == {check for check, *_rest in BAD}


def test_a_page_may_repeat_what_was_typed():
    page = GOOD.replace("Tom &amp; Ann", "Nothing found for {{7*7}}")
    assert problems_of(page, echoed="near={{7*7}}") == []
    assert problems_of(page, echoed="near=Phoenix") != []


ANSWERS = {
    "/page": Response(GOOD, mimetype="text/html"),
    "/moved": redirect("/page"),
    "/static.css": Response("p{}", mimetype="text/css"),
    "/api/good": Response('{"a": 1}', mimetype="application/json"),
    "/api/problem": Response(
        '{"title": "No", "detail": "Try again.", "status": 404}',
        404,
        mimetype="application/problem+json",
    ),
}
BAD_ANSWERS = {
    "/bad-page": Response("<h1>x", mimetype="text/html"),
    "/cookie": Response(GOOD, mimetype="text/html", headers={"Set-Cookie": "a=b"}),
    "/no-charset": Response(GOOD, content_type="text/html"),
    "/failed": Response("it broke", 500, mimetype="text/plain"),
    "/api/page": Response(GOOD, mimetype="text/html"),
    "/api/broken": Response("{", mimetype="application/json"),
    "/api/nan": Response('{"a": NaN}', mimetype="application/json"),
    "/api/plain-problem": Response('{"title": "No"}', 404, mimetype="application/json"),
    "/api/no-detail": Response(
        '{"title": "No", "status": 404}', 404, mimetype="application/problem+json"
    ),
    "/api/other-status": Response(
        '{"title": "No", "detail": "x", "status": 400}', 404, mimetype="application/problem+json"
    ),
}


@pytest.fixture
def small_client():
    """A client on a small application that gives the answers above."""
    app = Flask("answers")
    app.test_client_class = InspectingClient
    for path, answer in (ANSWERS | BAD_ANSWERS).items():
        app.add_url_rule(path, path, lambda answer=answer: answer)
    return app.test_client()


@pytest.mark.parametrize("path", ANSWERS)
def test_good_answers_pass_and_are_counted(small_client, path):
    before = InspectingClient.inspected
    small_client.get(path)
    assert InspectingClient.inspected == before + 1


@pytest.mark.parametrize("path", BAD_ANSWERS)
def test_bad_answers_are_refused(small_client, path):
    with pytest.raises(BadAnswer):
        small_client.get(path)


def test_a_failure_can_be_expected(small_client):
    small_client.expects_failure = True
    assert small_client.get("/failed").status_code == 500
