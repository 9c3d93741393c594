# SPDX-License-Identifier: GPL-3.0-or-later
"""How is what is too old removed at once, with or without a control plane that runs?

By the same steps as in the background, on the same database: processes take turns at them.
"""

import asyncio
from functools import partial

from api.audit.origin import Origin, bound_origin
from api.composition import Composition
from api.core.settings import Settings
from api.db.migrate import check_revision
from api.maintenance.errors import NothingThereError
from api.retention.removed import Removed
from api.retention.retention import Retention
from api.workflows.engine import forget_ended

_ORIGIN = Origin(actor="myx", credential="command_line")


def prune(settings: Settings, *, dry_run: bool) -> Removed:
    """Remove what may go now, or with ``dry_run`` count it.

    Raises:
        NothingThereError: there is no control plane.
        DatabaseRefusedError, DatabaseTooOldError, DatabaseTooNewError: as ``check_revision``.
    """
    if not settings.secret_key_file.exists():
        raise NothingThereError(
            f"There is no control plane in {settings.data_dir}; set MYX_DATA_DIR."
        )
    return asyncio.run(_prune(settings, dry_run=dry_run))


async def _prune(settings: Settings, *, dry_run: bool) -> Removed:
    composition = Composition(settings)
    forget = partial(asyncio.to_thread, forget_ended, settings.workflows_url)
    retention = Retention(composition, composition.monitor.retention, forget, lambda: True)
    try:
        await check_revision(composition.database.engine)
        if dry_run:
            return await retention.estimate()
        with bound_origin(_ORIGIN):
            return await retention.sweep()
    finally:
        await composition.access.witness.close()
        await composition.logs.close()
        await composition.database.close()
