# SPDX-License-Identifier: GPL-3.0-or-later
"""Which names does a regular expression of a host pattern match? Found in linear time.

Python's own engine may need time that grows with each character as a power, in which nothing else
of the process goes on; whoever may list hosts could stop it so. Rust's, which pydantic brings,
knows neither look-around nor back references, and needs time linear in the text.
"""

from collections.abc import Callable

from pydantic_core import SchemaError, SchemaValidator, core_schema

from api.hosts.errors import PatternError


def compile_expression(expression: str) -> Callable[[str], bool]:
    """Return what says whether a name begins with what the expression matches, as Ansible asks.

    Raises:
        PatternError: it is none, or needs more than linear time.
    """
    try:
        validator = SchemaValidator(core_schema.str_schema(pattern=f"^(?:{expression})"))
    except SchemaError as error:
        raise PatternError(
            f"'~{expression}' is no regular expression, or one with look-around or back "
            "references, which are not supported. Write 'web*:!web3' for what shall not match."
        ) from error
    return validator.isinstance_python
