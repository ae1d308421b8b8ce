"""The scene of a search from a position, which writes nothing at all; see event_walk.py."""

from tests.web.event_walk import SCENES, Sent, scene

__all__ = ["SCENES"]


@scene("public.near_me", nothing="a position becomes the nearest ZIP code, and is kept nowhere")
def from_a_position(app):
    # The name of the public forms' slip makes the walk send it as the public does, without a token.
    data = {"lat": "45.51", "lon": "-122.64", "slip": ""}
    return Sent(app.test_client(), "/near-me", data)
