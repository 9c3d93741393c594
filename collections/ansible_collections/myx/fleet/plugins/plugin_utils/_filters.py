# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a filter say that it cannot use what it was given?"""

from __future__ import annotations

import functools
import typing as t

from ansible.errors import AnsibleFilterError
from ansible_collections.myx.fleet.plugins.module_utils._errors import OptionError

Make = t.Callable[[t.Any], str]


def make_filter(name: str, make: Make) -> Make:
    """Return the filter of this name, whose ``OptionError`` is Ansible's ``AnsibleFilterError``."""

    @functools.wraps(make)
    def apply(value: t.Any) -> str:
        try:
            return make(value)
        except OptionError as error:
            raise AnsibleFilterError(f"{name}: {error}") from error

    return apply
