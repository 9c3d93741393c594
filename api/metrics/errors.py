# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be wrong with the control plane as a whole?

``NotReadyError`` 503    it cannot work; names what is wrong
"""

from api.core.errors import UnavailableError


class NotReadyError(UnavailableError):
    """The control plane is not ready to work."""

    code = "not_ready"
