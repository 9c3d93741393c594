# SPDX-License-Identifier: GPL-3.0-or-later

import json
from collections.abc import Callable
from typing import Any

import pytest

from api.templates.arguments import must_be_given
from api.templates.content.catalogue import Catalogue
from api.templates.errors import TemplateNotFoundError

ReadFiles = Callable[[dict[str, str]], Catalogue]


def spec(entry_point: str = "main", **options: dict[str, Any]) -> str:
    """Return an argument spec of one entry point; JSON is YAML."""
    return json.dumps({"argument_specs": {entry_point: {"options": options}}})


def list_arguments(catalogue: Catalogue, name: str) -> list[str]:
    """Return the names of what a template asks for."""
    return list(catalogue.get(name)[1].spec.options)


def test_playbooks_are_found_by_the_names_that_read_best(read_files: ReadFiles) -> None:
    """Without folder and ending; by the full name in a collection; by the path where two clash."""
    play = "- hosts: web\n"
    catalogue = read_files(
        {
            "site.yml": play,
            "playbooks/site.yml": play,
            "playbooks/web/deploy.yaml": play,
            "collections/ansible_collections/my/fleet/playbooks/install.yml": play,
            "collections/ansible_collections/my/fleet/roles/x/tasks/main.yml": play,
            "playbooks/web/vars/all.yml": "a: 1\n",
            "playbooks/tasks/some.yml": "- debug:\n",
            "playbooks/numbers.yml": "a: 1\n",
        }
    )
    assert sorted(catalogue.facts) == [
        "my.fleet.install",
        "playbooks/site.yml",
        "site.yml",
        "web/deploy",
    ]
    assert catalogue.get("playbooks/web/deploy.yaml")[0] == "web/deploy"
    with pytest.raises(TemplateNotFoundError, match="Did you mean web/deploy"):
        catalogue.get("web/deplo")


def test_a_playbook_tells_what_it_is_for(read_files: ReadFiles) -> None:
    """Title and description, patterns and tags come from its text; lines for programs do not."""
    text = (
        "---\n# SPDX-License-Identifier: MIT\n# Brings the web servers up.\n# Slowly.\n"
        "- name: Deploy\n  hosts: [web, '!db']\n  tags: a\n  tasks:\n"
        "    - block:\n        - debug:\n          tags: [b, c]\n- hosts: db\n"
    )
    facts = read_files({"playbooks/deploy.yml": text}).get("deploy")[1]
    assert facts.title == "Deploy"
    assert facts.description == "Brings the web servers up.\nSlowly."
    assert facts.hosts == ("web", "!db", "db")
    assert facts.tags == ("a", "b", "c")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- hosts: [\n", "line 2"),
        ("- hosts: web\n- nothing: 1\n", "entry 2"),
        ("- hosts: web\n- text\n", "entry 2"),
        ("&a [*a]\n", "holds itself"),
        ("- hosts: web\n  vars: !!python/object/apply:os.system [id]\n", "python/object"),
        ("[" * 5000, "not YAML"),
        (
            "- hosts: &a [x,x,x,x,x,x,x,x,x,x]\n"
            + "".join(
                f"  v{n}: &{chr(98 + n)} [{','.join(f'*{chr(97 + n)}' for _ in range(10))}]\n"
                for n in range(8)
            ),
            "more than",
        ),
        (
            "- hosts: web\n  v0: &a0 {x: 1, y: 2}\n"
            + "".join(
                f"  v{n}: &a{n} {{<<: [{','.join([f'*a{n - 1} '] * 10)}]}}\n" for n in range(1, 6)
            ),
            "merges more than",
        ),
    ],
    ids=["syntax", "no play", "text", "loop", "object", "deep", "bomb", "merges"],
)
def test_what_cannot_be_read_is_listed_with_the_reason(
    read_files: ReadFiles, text: str, message: str
) -> None:
    """A broken or hostile playbook is told of, and others stay as they are."""
    catalogue = read_files({"playbooks/bad.yml": text, "playbooks/good.yml": "- hosts: all\n"})
    assert message in (catalogue.get("bad")[1].error or "")
    assert catalogue.get("good")[1].error is None


def test_ansibles_own_tags_are_values(read_files: ReadFiles) -> None:
    """Vaulted and unsafe values do not keep a playbook from being read."""
    text = (
        "- hosts: web\n  vars:\n    a: !vault |\n      $ANSIBLE_VAULT\n    b: !unsafe '{{ x }}'\n"
    )
    assert read_files({"a.yml": text}).get("a")[1].error is None


def test_arguments_come_from_every_role_that_is_used(read_files: ReadFiles) -> None:
    """From roles, their dependencies, import_role and include_role with their entry points."""
    catalogue = read_files(
        {
            "playbooks/site.yml": (
                "- hosts: all\n  roles: [one, {role: my.fleet.two}]\n  tasks:\n"
                "    - block:\n"
                "        - ansible.builtin.import_role: {name: three, tasks_from: other.yml}\n"
                "    - include_role: name=four\n"
                "    - import_tasks: parts/more.yml\n"
                "    - include_role: {name: '{{ x }}'}\n"
                "- import_playbook: second.yml\n"
            ),
            "playbooks/second.yml": "- hosts: all\n  roles: [six]\n",
            "playbooks/parts/more.yml": "- import_role: {name: five}\n",
            "roles/one/meta/argument_specs.yml": spec(a={}),
            "roles/one/meta/main.yml": "dependencies: [{role: zero}]\n",
            "roles/zero/meta/main.yml": spec(z={}),
            "collections/ansible_collections/my/fleet/roles/two/meta/argument_specs.yaml": spec(
                b={}
            ),
            "roles/three/meta/argument_specs.yml": spec("other", c={}),
            "playbooks/roles/four/meta/argument_specs.yml": spec(d={}),
            "roles/five/meta/argument_specs.yml": spec(e={}),
            "roles/six/meta/argument_specs.yml": spec(f={}),
        }
    )
    assert list_arguments(catalogue, "playbooks/site.yml") == ["z", "a", "b", "c", "d", "e", "f"]
    assert catalogue.get("site")[1].sources["z"] == ("zero",)
    assert "only the host knows" in catalogue.get("site")[1].warnings[0]


def test_what_the_play_sets_is_not_asked_for(read_files: ReadFiles) -> None:
    """By its vars and vars_files, by a role's parameters, and by the vars of a task or a block."""
    catalogue = read_files(
        {
            "site.yml": (
                "- hosts: all\n  vars: {a: 1}\n  vars_files: [more.yml]\n"
                "  roles: [{role: one, b: 1, vars: {c: 1}}]\n"
                "  tasks:\n    - block:\n        - import_role: {name: two}\n"
                "          vars: {e: 1}\n      vars: {f: 1}\n"
            ),
            "more.yml": "d: 1\n",
            "roles/one/meta/argument_specs.yml": spec(a={}, b={}, c={}, d={}, x={}),
            "roles/two/meta/argument_specs.yml": spec(a={}, e={}, f={}, y={}),
        }
    )
    assert list_arguments(catalogue, "site") == ["x", "y"]


def test_what_the_content_sets_for_hosts_is_never_missing(read_files: ReadFiles) -> None:
    """Role defaults and group_vars beside the playbook make a required argument optional."""
    needed = {"required": True}
    catalogue = read_files(
        {
            "playbooks/site.yml": "- hosts: all\n  roles: [one]\n",
            "playbooks/group_vars/all.yml": "a: 1\n",
            "roles/one/defaults/main.yml": "b: 1\n",
            "roles/one/meta/argument_specs.yml": spec(a=needed, b=needed, c=needed),
        }
    )
    options = catalogue.get("site")[1].spec.options
    assert [name for name, option in options.items() if must_be_given(option)] == ["c"]


def test_a_playbook_has_arguments_of_its_own(read_files: ReadFiles) -> None:
    """NAME.meta.yml holds them, for a play by its name and for all; prompts are asked for too."""
    catalogue = read_files(
        {
            "playbooks/site.yml": (
                "- name: Deploy\n  hosts: all\n  vars_prompt:\n"
                "    - {name: pin, prompt: The PIN}\n    - {name: level, default: 3, private: no}\n"
                "- hosts: all\n  validate_argspec: other\n"
            ),
            "playbooks/site.meta.yml": json.dumps(
                {
                    "argument_specs": {
                        "main": {
                            "short_description": "All of it",
                            "options": {"version": {"required": True}},
                        },
                        "Deploy": {"options": {"port": {"type": "int"}}},
                        "other": {"options": {"mode": {}}},
                        "unused": {"options": {"never": {}}},
                    }
                }
            ),
        }
    )
    facts = catalogue.get("site")[1]
    assert list(catalogue.facts) == ["site"]
    assert facts.title == "All of it"
    assert list(facts.spec.options) == ["version", "port", "pin", "level", "mode"]
    assert facts.spec.options["pin"].is_secret
    assert must_be_given(facts.spec.options["pin"])
    assert not facts.spec.options["level"].is_secret


def test_a_broken_spec_is_a_warning(read_files: ReadFiles) -> None:
    """The playbook is listed with what is known; the host's Ansible has the last word."""
    catalogue = read_files(
        {
            "site.yml": "- hosts: all\n  roles: [one, two, gone]\n",
            "roles/one/meta/argument_specs.yml": "a: [\n",
            "roles/two/meta/argument_specs.yml": spec(a={"type": "number"}),
        }
    )
    facts = catalogue.get("site")[1]
    assert facts.error is None
    assert facts.spec.options["a"].type == "raw"
    assert [part in " ".join(facts.warnings) for part in ("line 2", "'number'", "'gone'")] == [
        True,
        True,
        True,
    ]
