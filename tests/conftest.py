"""What counts for every test."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# The same examples each time, so that a change is judged by what it changed; and no clock: a slow
# machine is no failure, and tests have time limits of their own. To look for new examples:
# pytest --hypothesis-profile=searching
_UNTIMED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("searching", _UNTIMED)
settings.register_profile("repeatable", _UNTIMED, derandomize=True)
settings.load_profile("repeatable")
