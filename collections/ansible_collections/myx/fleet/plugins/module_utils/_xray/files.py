# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files do the keys, the configuration and the links lie in, and when do they change?"""

from __future__ import annotations

import json
import os
import shlex
import tempfile
import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.myx.fleet.plugins.module_utils._errors import OptionError
from ansible_collections.myx.fleet.plugins.module_utils._xray import document
from ansible_collections.myx.fleet.plugins.module_utils._xray.inbounds import check_inbounds
from ansible_collections.myx.fleet.plugins.module_utils._xray.keys import Keys

Result = t.Dict[str, t.Any]

SECRET_MODE = "0600"  # noqa: S105 - of files that hold secrets


class ConfigFiles:
    """The files of one configuration, as a module is asked for them.

    Attributes:
        shown_options: the module's options without secrets, for its ``invocation``.
    """

    def __init__(self, module: AnsibleModule) -> None:
        self._module = module
        self._options = module.params
        self.shown_options = {"module_args": document.hide_secrets(dict(module.params))}

    def write(self) -> Result:
        """Bring the files to what is wanted, and return the module's result.

        Raises:
            OptionError: an option cannot be used, or the program refuses the configuration.
        """
        check_inbounds(self._options["inbounds"])
        keys = Keys.read(_read(self._options["keys_path"]))
        settled = [keys.settle(inbound) for inbound in self._options["inbounds"]]
        keys.forget_clients({one["tag"] for one in settled})
        wanted = _dump(document.make_document(self._options, settled))
        current = _read(self._options["path"])
        if current != wanted:
            self._validate(wanted)
        made_keys = self._write_secret(self._options["keys_path"], _dump(keys.document))
        changed = self._write_config(wanted, current) or made_keys
        if self._options["links_path"]:
            links = _dump(document.make_links(settled, self._options["address"]))
            changed |= self._write_secret(self._options["links_path"], links)
        return {
            "changed": changed,
            "made_keys": made_keys,
            "public_keys": [
                {"inbound": one["tag"], "public_key": one["public_key"]}
                for one in settled
                if "public_key" in one
            ],
            "diff": _make_diff(self._options["path"], current, wanted),
        }

    def _validate(self, wanted: str) -> None:
        """Let the program test the configuration, from a file that only root reads."""
        command = self._options["validate"]
        if not command or self._module.check_mode:
            return
        if "%s" not in command:
            raise OptionError("validate: it has no %s, which stands for the file; add it.")
        path = self._keep(wanted)
        argv = [path if word == "%s" else word for word in shlex.split(command)]
        status, out, err = self._module.run_command(argv)
        if status:
            words = (err.strip() or out.strip() or "It gave no reason.").splitlines()[-1]
            raise OptionError(f"The program refuses the configuration, exit {status}: {words}")

    def _write_config(self, wanted: str, current: str) -> bool:
        if current != wanted:
            self._replace(self._options["path"], wanted)
        arguments = self._module.load_file_common_arguments(self._options)
        changed = self._module.set_fs_attributes_if_different(arguments, changed=current != wanted)
        return bool(changed)

    def _write_secret(self, path: str, text: str) -> bool:
        changed = _read(path) != text
        if changed:
            self._replace(path, text)
        return bool(self._module.set_mode_if_different(path, SECRET_MODE, changed))

    def _replace(self, path: str, text: str) -> None:
        if not self._module.check_mode:
            self._module.atomic_move(self._keep(text), path)

    def _keep(self, text: str) -> str:
        """Return a new file with a text, which the module's end removes where it still is."""
        descriptor, path = tempfile.mkstemp(dir=self._module.tmpdir, suffix=".json")
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        self._module.add_cleanup_file(path)
        return path


def _read(path: str) -> str:
    """Return a file's text; nothing where there is none."""
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise OptionError(f"{path} cannot be read: {error}") from error


def _dump(value: t.Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _make_diff(path: str, before: str, after: str) -> dict[str, str]:
    return {
        "before_header": path,
        "after_header": path,
        "before": _show(before),
        "after": _show(after),
    }


def _show(text: str) -> str:
    """Return a configuration without its keys; what is none is not shown."""
    if not text:
        return ""
    try:
        return _dump(document.hide_secrets(json.loads(text)))
    except ValueError:
        return "(no JSON)\n"
