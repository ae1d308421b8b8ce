"""Templates read as source: they compile strictly, carry a title, and hide nothing unsafe."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from jinja2 import Environment, StrictUndefined, nodes

from directory import paths
from tests.support.apps import running

TEMPLATES = sorted(
    str(path.relative_to(paths.TEMPLATES)) for path in paths.TEMPLATES.rglob("*") if path.is_file()
)
COMPONENTS = "components/"
MAILS = "email/"
PUBLIC = ("public/", "errors/")
LAYOUTS = ("admin/base.html",)
SPOKEN = r'\b(?:alt|aria-label|placeholder|title)="[^"]*[A-Za-z]{2}[^"]*"'
CODE = r"\s*[a-z-]*\s*"
INLINE = r"<style|\sstyle\s*=|\son[a-z]+\s*=|javascript:"
DATA_BLOCK = '<script type="application/ld+json">'


@pytest.fixture(scope="module")
def environment(bare_instance) -> Iterator[Environment]:
    """The environment that the application itself renders with; no database is asked."""
    with running(bare_instance, "sqlite://") as app:
        yield app.jinja_env


@pytest.fixture(params=TEMPLATES)
def template(request) -> str:
    """The name of each template."""
    return str(request.param)


def parsed(environment, name):
    return environment.parse(Path(paths.TEMPLATES / name).read_text("utf-8"), name, name)


def source_of(name):
    return re.sub(r"\{#.*?#\}", "", (paths.TEMPLATES / name).read_text("utf-8"), flags=re.DOTALL)


def test_undefined_names_are_errors(environment):
    assert environment.undefined is StrictUndefined


def test_it_compiles(environment, template):
    assert environment.get_template(template)


def test_each_page_sets_its_title(environment, template):
    tree = parsed(environment, template)
    if template.startswith(COMPONENTS):
        assert tree.find(nodes.Macro), "a component is a macro"
    elif template.startswith(MAILS):
        assert template.endswith(".txt"), "a mail is plain text"
    elif template != "base.html":
        above = "base.html" if template in LAYOUTS or template.startswith(PUBLIC) else LAYOUTS[0]
        assert [e.template.value for e in tree.find_all(nodes.Extends)] == [above]
        blocks = {block.name for block in tree.find_all(nodes.Block)}
        assert {"title", "main"} <= blocks


def unused_imports(tree):
    """Return what a template imports and never names."""
    imported = set()
    for found in tree.find_all(nodes.FromImport):
        imported |= {name if isinstance(name, str) else name[1] for name in found.names}
    imported |= {found.target for found in tree.find_all(nodes.Import)}
    used = {name.name for name in tree.find_all(nodes.Name) if name.ctx == "load"}
    return imported - used


def test_it_imports_nothing_in_vain(environment, template):
    assert unused_imports(parsed(environment, template)) == set()


def unsafe(tree):
    """Return where a template switches escaping off."""
    found = [f"|{node.name}" for node in tree.find_all(nodes.Filter) if node.name == "safe"]
    found += ["autoescape" for _node in tree.find_all(nodes.ScopedEvalContextModifier)]
    found += ["Markup" for node in tree.find_all(nodes.Name) if node.name == "Markup"]
    return found


def test_it_escapes_everything(environment, template):
    assert unsafe(parsed(environment, template)) == []


def test_it_holds_no_inline_script_style_or_handler(template):
    source = source_of(template)
    assert re.findall(INLINE, source) == []
    scripts = re.findall(r"<script[^>]*>", source)
    assert [s for s in scripts if s != DATA_BLOCK and " src=" not in s] == []


def fixed_text(tree):
    """Return the words of a template that no translator would see.

    A macro of single lower-case words hands a code to other templates, not words to people.
    """
    codes = {
        output
        for macro in tree.find_all(nodes.Macro)
        if all(re.fullmatch(CODE, data.data) for data in macro.find_all(nodes.TemplateData))
        for output in macro.find_all(nodes.Output)
    }
    pieces = []
    for output in tree.find_all(nodes.Output):
        for node in output.nodes:
            plain = isinstance(node, nodes.TemplateData) and output not in codes
            pieces.append(node.data if plain else "\0")
    page = "".join(pieces)
    spoken = re.findall(SPOKEN, page)
    text = re.sub(r"<script.*?</script>|<[^>]*>", " ", page, flags=re.DOTALL)
    return spoken + re.findall(r"[A-Za-z]{2,}", text)


def test_every_word_can_be_translated(environment, template):
    assert fixed_text(parsed(environment, template)) == []


def test_the_controls_are_caught(environment):
    bad = environment.parse(
        '{% from "components/x.html" import one, two %}{{ one() }}{{ name | safe }}'
        '<p title="Hidden words">Plain words</p>{% trans %}Translated{% endtrans %}'
    )
    assert unused_imports(bad) == {"two"}
    assert unsafe(bad) == ["|safe"]
    assert fixed_text(bad) == ['title="Hidden words"', "Plain", "words"]


def spoken_at_import(tree):
    """Return the lines on which a template asks for words outside of every block and macro.

    What is imported is run once and kept, so such words stay in the first reader's language.
    """
    return [
        node.lineno
        for node in tree.body
        if isinstance(node, nodes.Assign | nodes.AssignBlock)
        for call in node.find_all(nodes.Call)
        if isinstance(call.node, nodes.Name) and call.node.name in ("_", "gettext", "ngettext")
    ]


def test_no_component_keeps_the_words_of_the_first_reader(environment, template):
    if template.startswith("components/"):
        assert spoken_at_import(environment.parse(source_of(template))) == []


def test_words_kept_at_import_are_found(environment):
    kept = '{% set DAYS = {"monday": _("Monday")} %}{% macro day() %}{{ _("Day") }}{% endmacro %}'
    assert spoken_at_import(environment.parse(kept)) == [1]
