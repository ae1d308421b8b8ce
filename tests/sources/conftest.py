"""The geocoder over the place index that all tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from directory.sources.geocoder import EmbeddedGeocoder


@pytest.fixture(scope="session")
def path(instance: Path) -> Path:
    """The compiled gazetteer."""
    return instance / "gazetteer.sqlite"


@pytest.fixture(scope="session")
def geocoder(path: Path) -> Iterator[EmbeddedGeocoder]:
    """The embedded geocoder."""
    opened = EmbeddedGeocoder(path)
    yield opened
    opened.gazetteer.close()
