"""What counts for every test."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# A slow machine is no failure: tests are bounded by their own time limits, and nothing else is timed.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")
