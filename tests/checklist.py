"""The checklist that the tests work with: its text as loaded, and what it says."""

from directory import paths
from directory.domain.criteria import parse_catalogue

TEXT = (paths.SEED_DATA / "catalogue-2026.1.toml").read_text("utf-8")
CATALOGUE = parse_catalogue(TEXT)
