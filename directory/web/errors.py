"""When something cannot be answered: a page or a JSON problem that says what to do next."""

import logging

from flask import Flask, Response, jsonify, render_template, request
from flask_babel import gettext as _
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import (
    HTTPException,
    InternalServerError,
    SecurityError,
    ServiceUnavailable,
)

from directory.extensions import db

log = logging.getLogger("directory.errors")
API_PREFIX = "/api/"


def install(app: Flask) -> None:
    """Answer every error in the words of the reader, on pages and in the API alike."""
    app.register_error_handler(HTTPException, answer)
    app.register_error_handler(DBAPIError, _database)
    app.register_error_handler(Exception, _unexpected)


def answer(error: HTTPException) -> Response:
    """Return the page or JSON problem for an HTTP error."""
    code = error.code or 500
    if code < 400 or error.response is not None:
        return Response(error.get_body(), code, error.get_headers())
    if isinstance(error, SecurityError):
        # Without a host we answer for, no address of ours can be written into a page.
        words = _("This site does not answer under that host name.")
        return Response(words + "\n", code, mimetype="text/plain")
    title, text = _words(code)
    if "description" in vars(error) and error.description:
        text = error.description
    if request.path.startswith(API_PREFIX):
        response = problem(code, title, text)
    else:
        response = Response(
            render_template("errors/error.html", code=code, title=title, text=text), code
        )
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    return response


def problem(code: int, title: str, detail: str, **more: object) -> Response:
    """Return an RFC 9457 problem document; `more` adds members of its own."""
    response = jsonify({"title": title, "status": code, "detail": detail, **more})
    response.status_code = code
    response.content_type = "application/problem+json"
    return response


def _database(error: DBAPIError) -> Response:
    log.error("the database did not answer", exc_info=error)
    db.session.rollback()
    return answer(ServiceUnavailable(retry_after=30))


def _unexpected(error: Exception) -> Response:
    log.error("an unexpected error", exc_info=error)
    db.session.rollback()
    return answer(InternalServerError())


def _words(code: int) -> tuple[str, str]:
    """Return the heading and the text for a status code."""
    match code:
        case 400:
            return _("We could not read that"), _("Go back and try again.")
        case 404:
            return (
                _("Page not found"),
                _("There is nothing at this address. The clinic may no longer be listed."),
            )
        case 405:
            return _("That does not work here"), _("This page can only be opened, not sent to.")
        case 413 | 414 | 431:
            return _("That is too much at once"), _("Send less and try again.")
        case 503:
            return (
                _("The directory is not available right now"),
                _("Nothing is wrong on your side. Try again in a minute."),
            )
        case _ if code < 500:
            return _("We could not do that"), _("Go back and try again.")
        case _:
            return (
                _("Something went wrong on our side"),
                _("Nothing you typed is lost. Go back and try again in a minute."),
            )
