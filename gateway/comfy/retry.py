"""When to try again, and how long to wait before: pure functions, so that the policy can be read and tested."""

from __future__ import annotations

from gateway.errors import BackendError, BackendUnreachable

__all__ = ["pause_before_reconnect", "pause_before_retry"]

_RETRY_PAUSES = (0.05, 0.2)
_FIRST_RECONNECT = 0.1
_LONGEST_RECONNECT = 2.0


def pause_before_retry(failed: int, error: BackendError) -> float | None:
    """Tell how long to wait before asking again what may be asked twice; None: give up.

    Only for questions and for calls that change nothing when repeated, never for submitting. The
    whole takes a quarter of a second: whoever asked shall hear soon that a backend is away.

    Args:
        failed: How many tries failed, from 1.
        error: What the last one met.

    Returns:
        Seconds, or None.
    """
    if not isinstance(error, BackendUnreachable) or error.code == "backend-timed-out":
        return None  # an answer stays what it is, and who timed out has waited long enough
    if failed > len(_RETRY_PAUSES):
        return None
    return _RETRY_PAUSES[failed - 1]


def pause_before_reconnect(failed: int) -> float:
    """Return the seconds to wait before connecting the WebSocket again after `failed` failures."""
    return min(_FIRST_RECONNECT * 2.0 ** min(failed, 16), _LONGEST_RECONNECT)
