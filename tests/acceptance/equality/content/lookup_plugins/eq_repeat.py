# SPDX-License-Identifier: GPL-3.0-or-later
"""A lookup of the content."""

from ansible.plugins.lookup import LookupBase

DOCUMENTATION = """
name: eq_repeat
short_description: Repeats words
options:
  times: {type: int, default: 2, ini: [{section: eq, key: times}], env: [{name: EQ_TIMES}]}
"""


class LookupModule(LookupBase):
    """Repeats words."""

    def run(self, terms, variables=None, **kwargs):
        """Return each word as often as asked."""
        self.set_options(var_options=variables, direct=kwargs)
        return [word for word in terms for _ in range(self.get_option("times"))]
