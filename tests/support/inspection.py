"""Find what is wrong with a page: structure, accessibility, privacy, typographic leftovers."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

import html5lib

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
UNLABELLED_INPUTS = {"hidden", "submit", "reset", "button"}
INTERACTIVE = {"a", "button", "input", "select", "textarea", "summary"}
NOT_LOADED = {"canonical", "alternate", "license"}
"""What a link may point at anywhere: a browser fetches none of these by itself."""
LOADING = {"src", "srcset", "poster", "data", "background", "manifest"}
POINTERS = ("aria-labelledby", "aria-describedby", "aria-controls", "aria-owns")
LINK_SCHEMES = {"", "http", "https", "tel", "sms", "mailto"}
LEFTOVERS = re.compile(r"\{\{|\}\}|\{%|%\}|%\(|&(?:amp|lt|gt|quot|#\d+);|\bUndefined\b|^None$")
PARENTS = {"li": {"ul", "ol", "menu"}, "dt": {"dl", "div"}, "dd": {"dl", "div"}}


def problems_of(html: str, host: str = "localhost", echoed: str = "") -> list[str]:
    """Return one line for each problem of a page served from `host`; none means it is good.

    `echoed` is what the visitor typed: a page may repeat it, whatever it looks like.
    """
    page = Page(html, host, echoed)
    return [problem for check in Page.CHECKS for problem in check(page)]


def spoken(element: Element) -> str:
    """Return an element's text as one line."""
    return " ".join("".join(element.itertext()).split())


def inside(address: str, host: str) -> bool:
    """Say whether an address stays on `host`."""
    try:
        parts = urlsplit(address.strip())
    except ValueError:
        return False
    if not parts.netloc:
        return not parts.scheme
    return parts.netloc == host and parts.scheme in ("", "http", "https")


class Page:
    """One parsed page and the checks on it."""

    def __init__(self, html: str, host: str, echoed: str) -> None:
        """Parse as browsers do, noting every error that they would repair in silence."""
        parser = html5lib.HTMLParser(
            tree=html5lib.getTreeBuilder("etree"), namespaceHTMLElements=False
        )
        self.root: Element = parser.parse(html)
        self.errors = parser.errors
        self.host = host
        self.echoed = echoed
        for element in list(self.root.iter()):
            if isinstance(element.tag, str):
                element.tag = element.tag.rpartition("}")[2]
        self.all = [e for e in self.root.iter() if isinstance(e.tag, str)]
        self.parent = {child: parent for parent in self.root.iter() for child in parent}

    def named(self, *tags: str) -> list[Element]:
        """Return the elements with these tags in the page's order."""
        return [element for element in self.all if element.tag in tags]

    def above(self, element: Element) -> Iterator[Element]:
        """Yield what encloses an element, from the inside out."""
        while (found := self.parent.get(element)) is not None:
            yield found
            element = found

    @cached_property
    def ids(self) -> Counter[str]:
        """How often each id is used."""
        return Counter(e.attrib["id"] for e in self.all if "id" in e.attrib)

    def is_named(self, element: Element) -> bool:
        """Say whether a screen reader has a name for an element."""
        pictures = [element, *element.iter("img")]
        return bool(
            spoken(element)
            or element.get("aria-label", "").strip()
            or element.get("title", "").strip()
            or any(self.ids[one] for one in element.get("aria-labelledby", "").split())
            or any(picture.get("alt", "").strip() for picture in pictures)
        )

    def structure(self) -> Iterator[str]:
        """The page parses without an error, and lists hold what lists hold."""
        for (line, column), code, _data in self.errors:
            yield f"invalid HTML at line {line}, column {column}: {code}"
        for element in self.all:
            parents = PARENTS.get(element.tag)
            if parents and self.parent[element].tag not in parents:
                yield f"<{element.tag}> stands outside a list: {spoken(element)[:40]!r}"
            if element.tag in INTERACTIVE:
                outer = [e.tag for e in self.above(element) if e.tag in ("a", "button")]
                if outer:
                    yield f"<{element.tag}> stands inside <{outer[0]}>"
        for tag in ("main", "title"):
            if len(self.named(tag)) != 1:
                yield f"{len(self.named(tag))} <{tag}> instead of one"

    def language(self) -> Iterator[str]:
        """The page says its language."""
        if not re.fullmatch(r"[a-z]{2,3}(-[A-Za-z0-9]+)*", self.root.get("lang", "")):
            yield f"lang is {self.root.get('lang')!r}"

    def headings(self) -> Iterator[str]:
        """One h1 that the title starts with, after "Error: " where something is wrong; no level
        is skipped; none is empty."""
        tops = [spoken(h) for h in self.named("h1")]
        titles = [spoken(t) for t in self.named("title") if self.parent[t].tag == "head"]
        if len(tops) != 1:
            yield f"{len(tops)} h1 instead of one"
        elif not titles or not titles[0].startswith((tops[0], f"Error: {tops[0]}")):
            yield f"the title {titles[:1]} does not start with the h1 {tops[0]!r}"
        # An error summary stands above the h1, under an h2 of its own, as GOV.UK has it.
        level = 1
        for heading in self.named(*HEADINGS):
            if not spoken(heading):
                yield f"an empty {heading.tag}"
            if int(heading.tag[1]) > level + 1:
                yield f"{heading.tag} {spoken(heading)!r} skips a level"
            level = int(heading.tag[1])

    def names(self) -> Iterator[str]:
        """Every control has a label; every link, button and picture has a name."""
        labelled = {label.get("for") for label in self.named("label") if spoken(label)}
        for label in self.named("label"):
            if label.get("for") and not self.ids[label.attrib["for"]]:
                yield f"a label for {label.get('for')!r}, which is not there"
        for control in self.named("input", "select", "textarea"):
            if control.get("type", "text").lower() in UNLABELLED_INPUTS:
                continue
            wrapped = any(e.tag == "label" and spoken(e) for e in self.above(control))
            if not (wrapped or control.get("id") in labelled or self.is_named(control)):
                yield f"<{control.tag} name={control.get('name')!r}> has no label"
        for element in self.named("a", "button", "summary", "legend", "iframe"):
            if not self.is_named(element):
                yield f"<{element.tag} {element.attrib}> has no name"
        for picture in self.named("img"):
            if "alt" not in picture.attrib:
                yield f"<img src={picture.get('src')!r}> has no alt text"
        for drawing in self.named("svg"):
            if drawing.get("aria-hidden") != "true" and not self.is_named(drawing):
                yield "an <svg> is neither hidden from nor named for screen readers"
        for table in self.named("table"):
            if next(table.iter("th"), None) is None:
                yield "a <table> without a header cell"

    def references(self) -> Iterator[str]:
        """No id is used twice, and nothing points at an id that is not there."""
        for name, times in self.ids.items():
            if times > 1:
                yield f"the id {name!r} is used {times} times"
            if not name or re.search(r"\s", name):
                yield f"the id {name!r} holds a space or nothing"
        for element in self.all:
            targets = [one for p in POINTERS for one in element.get(p, "").split()]
            if element.tag == "a" and element.get("href", "").startswith("#"):
                targets.append(element.attrib["href"][1:])
            for target in targets:
                if target and not self.ids[target]:
                    yield f"<{element.tag}> points at #{target}, which is not there"

    def inline(self) -> Iterator[str]:
        """No script, style or handler stands in the page itself; data blocks may."""
        for script in self.named("script"):
            if script.get("type") == "application/ld+json":
                try:
                    json.loads(script.text or "")
                except ValueError:
                    yield "a JSON-LD block is not JSON"
            elif not script.get("src") or (script.text or "").strip():
                yield "an inline <script>"
        for element in self.all:
            if element.tag == "style" or "style" in element.attrib:
                yield f"an inline style on <{element.tag}>"
            for name in element.attrib:
                if re.match(r"on[a-z]+$", str(name)):
                    yield f"an inline handler {name} on <{element.tag}>"

    def hosts(self) -> Iterator[str]:
        """Nothing is fetched from or sent to another host; links use plain schemes."""
        for element in self.all:
            for name, value in element.attrib.items():
                loads = name.rpartition("}")[2] in LOADING or (
                    name.rpartition("}")[2] == "href"
                    and element.tag not in ("a", "area")
                    and not (element.tag == "link" and element.get("rel") in NOT_LOADED)
                )
                parts = value.split(",") if name == "srcset" else [value]
                if loads and not all(inside(p.split()[0], self.host) for p in parts if p.split()):
                    yield f"<{element.tag} {name}={value!r}> loads from elsewhere"
                if name in ("action", "formaction") and not inside(value, self.host):
                    yield f"<{element.tag} {name}={value!r}> sends elsewhere"
                if name == "ping":
                    yield f"<{element.tag}> tells {value!r} about a click"
            if element.tag == "meta" and element.get("http-equiv", "").lower() == "refresh":
                yield "a page that goes elsewhere by itself"
            if element.tag in ("iframe", "object", "embed", "base"):
                yield f"<{element.tag}> has no place here"
            scheme = re.match(r"\s*([a-zA-Z][\w+.-]*):", element.get("href", ""))
            if scheme and scheme[1].lower() not in LINK_SCHEMES:
                yield f"a link with the scheme {scheme[1]!r}"

    def forms(self) -> Iterator[str]:
        """A form says where it goes and how, and has a button."""
        for form in self.named("form"):
            if not form.get("action"):
                yield "a <form> without an action"
            if form.get("method", "").lower() not in ("get", "post"):
                yield f"a <form> with the method {form.get('method')!r}"
            sending = [e for e in self.named("button", "input") if e.get("type") == "submit"]
            ours = [e for e in sending if e.get("form") and e.get("form") == form.get("id")]
            inside = list(form.iter("button")) + [e for e in form.iter() if e in sending]
            if not (inside or ours):
                yield "a <form> without a button"

    def crisis(self) -> Iterator[str]:
        """988 and 911 come before everything else that is read."""
        before = ""
        for element in self.named("body")[0].iter() if self.named("body") else ():
            if element.tag in ("h1", "main"):
                break
            before += f" {element.text or ''} {element.tail or ''}"
        for number in ("988", "911"):
            if not re.search(rf"\b{number}\b", before):
                yield f"{number} does not come before the h1"

    def leftovers(self) -> Iterator[str]:
        """No template syntax, placeholder or double escape is shown."""
        for element in self.all:
            texts = [element.tail] if element.tag in ("script", "style") else [
                element.text, element.tail, element.get("alt"), element.get("aria-label"),
                element.get("content"), element.get("title"),
            ]  # fmt: skip
            for text in texts:
                for found in LEFTOVERS.finditer((text or "").strip()):
                    if found[0] not in self.echoed:
                        yield f"a leftover {found[0]!r} in {(text or '').strip()[:60]!r}"

    CHECKS = (
        structure,
        language,
        headings,
        names,
        references,
        inline,
        hosts,
        forms,
        crisis,
        leftovers,
    )
