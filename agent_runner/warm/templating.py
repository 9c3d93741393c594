# SPDX-License-Identifier: GPL-3.0-or-later
"""What does each worker do again before it can template its first text?

It makes a lexer, which depends on the settings of templates alone, and learns how the parser and
the compiler run best: Python does so while their code runs for the first times. A worker is a
fork, so all of them have what was done once before.
"""

from __future__ import annotations

import contextlib
import importlib
from typing import Any

SAMPLE = """{% for each in some %}
{% if each.name == 'one' and not each["two"] %}{{ each.name ~ 3 }}
{% else %}{{ some[0] + 1 }}{% endif %}
{% endfor %}{{ {'a': [1, 2.5, "b"]} }}
"""
"""Goes through lexer, parser and compiler; names no filter and no test, since these are plugins."""

REPETITIONS = 16
"""After so many Python has learned."""

_TEMPLATING = "ansible._internal._templating._jinja_bits"


def prepare_templating() -> None:
    """Have Ansible's lexer, and parse and compile a text that nobody runs.

    Where templates are extended by the configuration, or are made otherwise, nothing is done.
    """
    constants: Any = importlib.import_module("ansible.constants")
    if constants.config.get_config_value("DEFAULT_JINJA2_EXTENSIONS"):
        return
    with contextlib.suppress(ImportError, AttributeError):
        environment = importlib.import_module(_TEMPLATING).AnsibleEnvironment()
        for _ in range(REPETITIONS):
            environment.compile(SAMPLE, raw=True)
