"""The outside world: geocoders and the place index."""
