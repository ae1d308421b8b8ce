"""What every application makes anew for itself, made once for all the applications of the tests."""

from collections.abc import Callable
from typing import Any

from argon2 import PasswordHasher
from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from werkzeug.routing import Rule

from directory.operations import factors

SHIPPED = factors._hasher
"""What the application hashes passwords with; a test of its own holds that it is strong."""


class CompiledOnce(BytecodeCache):
    """Compiled templates of all applications, each good for as long as its source is the same."""

    def __init__(self) -> None:
        """Begin with none."""
        self._kept: dict[str, tuple[str, Any]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give what was compiled from this very source."""
        checksum, code = self._kept.get(bucket.key, ("", None))
        if checksum == bucket.checksum:
            bucket.code = code

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled."""
        self._kept[bucket.key] = (bucket.checksum, bucket.code)


TEMPLATES = CompiledOnce()


class KnownRule(Rule):
    """A route whose builder of addresses is compiled once: that is half the cost of an app."""

    _made: dict[object, Callable[..., tuple[str, str]]] = {}  # noqa: RUF012 - for all routes

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        key = (self.rule, tuple(self._trace), repr(self.defaults), append_unknown)
        if key not in self._made:
            self._made[key] = super()._compile_builder(append_unknown)
        return self._made[key]


def install() -> None:
    """Make the applications of this process cheap, and the hashes of its many passwords too."""
    Flask.url_rule_class = KnownRule
    factors._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
