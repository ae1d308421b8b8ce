"""What every application makes anew for itself, made once for all the applications of the tests."""

from collections.abc import Callable
from typing import Any

from argon2 import PasswordHasher
from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import Engine
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache
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


STATEMENTS: dict[str, LRUCache[Any, Any]] = {}
"""What SQLAlchemy compiled, by the name of the database."""


def _share_statements() -> None:
    """Let all engines of one kind of database use what one of them compiled.

    SQLAlchemy keeps it under the engine's dialect: those of one kind and version count as one.
    """

    def same(one: DefaultDialect, other: object) -> bool:
        return type(one) is type(other) and one.server_version_info == getattr(
            other, "server_version_info", None
        )

    for kind in (SQLiteDialect_pysqlite, PGDialect_psycopg):
        kind.__eq__ = same  # type: ignore[method-assign, assignment]
        kind.__hash__ = lambda one: hash(type(one))  # type: ignore[method-assign, assignment]
    Engine._compiled_cache = property(  # type: ignore[assignment]
        lambda engine: STATEMENTS.setdefault(engine.dialect.name, LRUCache(4_000)),
        lambda _engine, _own: None,
    )


def install() -> None:
    """Make the applications of this process cheap, and the hashes of its many passwords too."""
    _share_statements()
    Flask.url_rule_class = KnownRule
    factors._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
