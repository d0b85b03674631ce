"""What tests of graphs share: recorded node definitions."""

from __future__ import annotations

import pytest

from gateway.graph.definitions import Definitions
from tests.definitions.recorded import DEFINITIONS, OLD_DEFINITIONS


@pytest.fixture(scope="session")
def definitions() -> Definitions:
    """ComfyUI 0.33."""
    return DEFINITIONS


@pytest.fixture(scope="session")
def old_definitions() -> Definitions:
    """ComfyUI 0.3.64."""
    return OLD_DEFINITIONS
