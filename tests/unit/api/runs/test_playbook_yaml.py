# SPDX-License-Identifier: GPL-3.0-or-later

import pytest

from api.runs.errors import PlaybookInvalidError
from api.runs.playbook_yaml import Import, Play, parse_playbook


def test_plays_and_imports_are_read() -> None:
    """A play gives its host patterns and variables, an import its target."""
    text = b"""
- hosts: [web, db]
  vars: {x: 1}
- ansible.builtin.import_playbook: other.yml
"""

    assert parse_playbook("site.yml", text) == [
        Play(("web", "db"), {"x": 1}),
        Import("other.yml"),
    ]


def test_ansibles_own_tags_are_known() -> None:
    """!vault and !unsafe are YAML to Ansible, so they are to us."""
    text = b"""
- hosts: web
  vars:
    secret: !vault |
      $ANSIBLE_VAULT;1.1;AES256
      6162
    raw: !unsafe "{{ x }}"
    names: !unsafe [a]
"""

    [play] = parse_playbook("site.yml", text)

    assert play.variables["raw"] == "{{ x }}"


def test_an_error_names_line_and_column() -> None:
    """A YAML error says where it is."""
    with pytest.raises(PlaybookInvalidError, match=r"site\.yml, line 3, column 1: .*Correct"):
        parse_playbook("site.yml", b"- hosts: web\n  tasks: [\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"hosts: web", "must be a list of plays"),
        (b"", "must be a list of plays"),
        (b"- just text", "entry 1 is no play"),
        (b"- hosts: web\n- tasks: []", "entry 2 has neither 'hosts' nor 'import_playbook'"),
        (b"- hosts: []", "entry 1 has neither"),
        (b"- hosts: !!python/object:os.system {}", "could not determine a constructor"),
        (b"- hosts: \x00", "is not YAML|not allowed"),
        (b"- hosts: 2001-99-99", "is not YAML: month must be"),
    ],
)
def test_what_is_no_playbook_is_refused(text: bytes, said: str) -> None:
    """YAML that is not a list of plays is refused with the entry and the remedy."""
    with pytest.raises(PlaybookInvalidError, match=said):
        parse_playbook("site.yml", text)
