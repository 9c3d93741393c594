# SPDX-License-Identifier: GPL-3.0-or-later
"""How is the control plane set? From the Settings model."""

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from api.core.settings import ENV_PREFIX, Settings
from pages.markdown import write_code, write_table

_INTRODUCTION = """# Settings of the control plane

`myx serve` reads environment variables, once, at its start; a value that does not fit is an error
that names the variable. The command line reads `MYX_DATA_DIR` and `MYX_LISTEN` too, to find the
control plane of the same machine, and `MYX_URL`, `MYX_TOKEN` and `MYX_CA_FILE` to find another."""


def render() -> str:
    """Return the page."""
    rows = [
        (write_code(f"{ENV_PREFIX}{name}".upper()), _tell_default(name, field), field.description)
        for name, field in Settings.model_fields.items()
    ]
    table = write_table(["variable", "default", "meaning"], [(a, b, c or "") for a, b, c in rows])
    return f"{_INTRODUCTION}\n\n{table}"


def _tell_default(name: str, field: FieldInfo) -> str:
    if field.default_factory is not None:
        return "see there"
    if field.default is PydanticUndefined:
        return "required"
    if isinstance(field.default, int) and name.endswith("_bytes"):
        return f"`{field.default}` ({field.default // 2**20} MiB)"
    return write_code(
        str(field.default).lower() if isinstance(field.default, bool) else field.default
    )
