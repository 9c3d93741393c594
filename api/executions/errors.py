# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be wrong with a request about executions?

``ExecutionNotFoundError`` 404
"""

from api.core.errors import NotFoundError


class ExecutionNotFoundError(NotFoundError):
    """There is no execution with that id; GET /api/v1/runs/{id}/executions lists a run's."""

    code = "execution_not_found"
