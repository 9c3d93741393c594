# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong when data is saved or brought back?

``MaintenanceError``
├── ``BackupToolError``    PostgreSQL's programs are missing, too old, or failed
├── ``BackupFormError``    the folder is no backup, or one of something else
├── ``RestoreTargetError`` there is something already where the backup should go
└── ``NothingThereError``  there is no control plane whose data could be looked after
"""

from api.core.errors import MyxError


class MaintenanceError(MyxError):
    """The data cannot be saved or brought back."""

    code = "maintenance_failed"


class BackupToolError(MaintenanceError):
    """PostgreSQL's own programs cannot save or bring back the database."""

    code = "backup_tool_failed"


class BackupFormError(MaintenanceError):
    """The folder cannot be restored."""

    code = "backup_unusable"


class RestoreTargetError(MaintenanceError):
    """There is something already where the backup should go."""

    code = "restore_target_taken"


class NothingThereError(MaintenanceError):
    """There is no control plane in MYX_DATA_DIR."""

    code = "nothing_there"
