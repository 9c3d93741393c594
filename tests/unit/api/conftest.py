# SPDX-License-Identifier: GPL-3.0-or-later
"""What do the unit tests of the control plane share? A clock that a test moves."""

import pytest
from manual_clock import ManualClock


@pytest.fixture
def clock() -> ManualClock:
    """Return a clock that moves only when somebody sleeps."""
    return ManualClock()
