"""Tests of the outside world: geocoder, gazetteer, other sources."""
