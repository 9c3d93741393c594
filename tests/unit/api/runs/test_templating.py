# SPDX-License-Identifier: GPL-3.0-or-later

from typing import Any

import pytest

from api.runs.templating import CannotRenderError, render_pattern


@pytest.mark.parametrize(
    ("template", "variables", "rendered"),
    [
        ("web:!web3", {}, "web:!web3"),
        ("{{ target }}", {"target": "web"}, "web"),
        ("{{ targets }}", {"targets": ["web1", "web2"]}, "web1:web2"),
        ("{{ target | default('all') }}", {}, "all"),
        ("{{ site.name }}:&{{ stage }}", {"site": {"name": "eu"}, "stage": "prod"}, "eu:&prod"),
        ("{{ 'a' if x else 'b' }}", {"x": False}, "b"),
    ],
)
def test_plain_lookups_are_rendered(
    template: str, variables: dict[str, Any], rendered: str
) -> None:
    """What only looks up and combines variables becomes its value, a list its members."""
    assert render_pattern(template, variables) == rendered


@pytest.mark.parametrize(
    "template",
    [
        "{{ missing }}",
        "{{ groups['web'] }}",
        "{{ lookup('env', 'HOME') }}",
        "{{ x.__class__ }}",
        "{{ 'a' * 10000000000 }}",
        "{{ range(1000000000) | list }}",
        "{% for i in x %}{{ i }}{% endfor %}",
        "{{ x",
        "{{ nested }}",
        "{{ x | string }}",
        "x{{ y }}" + "z" * 5000,
    ],
)
def test_everything_else_is_left_to_the_host(template: str) -> None:
    """Calls, loops, arithmetic, unknown names and filters are not evaluated here."""
    with pytest.raises(CannotRenderError):
        render_pattern(template, {"x": 1, "y": 2, "nested": "{{ more }}"})
