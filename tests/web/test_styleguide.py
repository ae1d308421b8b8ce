"""The style guide: there where pages are built, and nowhere else."""

from directory import create_app
from directory.settings import Settings
from directory.web.public.styleguide import CARDS, KINDS
from tests.support.apps import close


def test_it_shows_every_state_and_every_standing(demo_client):
    page = demo_client.get("/styleguide")
    assert page.status_code == 200
    assert [kind for kind in KINDS if f'id="state-{kind}"' not in page.text] == []
    assert [code for code in CARDS if f"standing-{code}" not in page.text] == []
    assert page.headers["X-Robots-Tag"] == "noindex"
    assert "--space-4" in page.text
    assert "enough for all text" in page.text


def test_in_production_the_address_does_not_exist(bare_instance):
    shared = {"instance_dir": bare_instance, "database_url": "sqlite://"}
    safe = {"secret_key": "correct-horse-battery-staple-4711", "trusted_hosts": ("a.example",)}
    for env, there in (("development", True), ("production", False)):
        app = create_app(Settings(env=env, **shared, **safe))
        try:
            rules = {rule.rule for rule in app.url_map.iter_rules()}
            assert ("/styleguide" in rules) is there
        finally:
            close(app)
