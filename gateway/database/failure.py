"""What a database's own errors mean to people. Knows no tables."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from gateway.errors import GatewayError

__all__ = ["may_pass", "store_failed"]

# SQLite's words for what may be over in a moment; its other operational errors are faults.
_PASSING = ("locked", "busy", "full", "disk i/o", "unable to open", "readonly")


def may_pass(error: DBAPIError) -> bool:
    """Tell whether the database may be back in a moment: away, restarting, locked or full."""
    if error.connection_invalidated:
        return True
    said = str(error.orig).lower()
    if type(error.orig).__module__.startswith("sqlite3"):
        return any(each in said for each in _PASSING)
    # psycopg: a server that is away or going down; what it says of a statement is another class.
    return type(error.orig).__name__ in {"OperationalError", "AdminShutdown", "CannotConnectNow"}


def store_failed(error: SQLAlchemyError, place: str) -> GatewayError:
    """Return what to tell people about an error met in `place`, a file or a URL without password."""
    said = _first_line(error)
    if isinstance(error, DBAPIError) and "full" in said.lower():
        return GatewayError(
            f"There is no room left to keep jobs in {place}.",
            code="store-full",
            where=place,
            found=said,
            mend="Free some space there; nothing was lost that a call was answered for.",
        )
    if isinstance(error, DBAPIError) and may_pass(error):
        return GatewayError(
            f"The jobs' database {place} does not answer.",
            code="store-unreachable",
            where=place,
            found=said,
            mend="Start it, or correct `jobs.store`; then call again.",
        )
    return GatewayError(
        f"The jobs' database {place} failed: {said}",
        code="store-failed",
        where=place,
        found=said,
        mend="Look at the database's own log.",
    )


def _first_line(error: SQLAlchemyError) -> str:
    origin = error.orig if isinstance(error, DBAPIError) else error
    return str(origin).strip().partition("\n")[0][:300] or type(error).__name__
