# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for every test of every tier?"""

import os

import pytest
from hypothesis import settings

# A deadline would make a property test a measurement of how busy the machine is.
settings.register_profile("myx", deadline=None)
settings.load_profile("myx")


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the MYX_* variables of whoever runs the tests."""
    for name in [name for name in os.environ if name.startswith("MYX_")]:
        monkeypatch.delenv(name)
