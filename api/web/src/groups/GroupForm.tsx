// SPDX-License-Identifier: GPL-3.0-or-later
// What is a group? A name, the groups in it, and variables of all its hosts.
import { TagsInput, TextInput } from "@mantine/core";
import { useState } from "react";
import { send } from "../api/client";
import type { Group } from "../api/types";
import { useText } from "../i18n/language";
import { FormDialog, NameField } from "../shell/FormDialog";
import { MappingField } from "../shell/MappingField";
import { requireMapping, writeMapping } from "../shell/mapping";

interface GroupFormProps {
  /** What is changed, where it is not new. */
  group?: Group;
  /** Which groups there are, to choose from. */
  names: string[];
  onClose: () => void;
  onDone: () => void;
}

export function GroupForm({ group, names, onClose, onDone }: GroupFormProps) {
  const t = useText();
  const [name, setName] = useState("");
  const [description, setDescription] = useState(group?.description ?? "");
  const [children, setChildren] = useState(group?.children ?? []);
  const [variables, setVariables] = useState(writeMapping(group?.variables ?? {}));
  const [secrets, setSecrets] = useState("");

  async function submit() {
    const words = t("launch.no-mapping");
    const body = {
      description,
      children,
      variables: requireMapping(variables, words),
      secret_variables: requireMapping(secrets, words),
    };
    if (group) {
      const path = `/groups/${encodeURIComponent(group.name)}`;
      await send("PATCH", path, { ...body, revision: group.revision });
    } else await send("POST", "/groups", { ...body, name: name.trim() });
    onDone();
  }

  return (
    <FormDialog
      title={group ? t("groups.change", { name: group.name }) : t("groups.add")}
      isChange={group !== undefined}
      size="lg"
      onClose={onClose}
      submit={submit}
    >
      {!group && <NameField value={name} onChange={setName} />}
      <TextInput
        label={t("hosts.description")}
        value={description}
        onChange={(event) => setDescription(event.currentTarget.value)}
      />
      <TagsInput
        label={t("groups.children")}
        description={t("groups.children-help")}
        data={names.filter((each) => each !== group?.name)}
        value={children}
        onChange={setChildren}
      />
      <MappingField
        label={t("host.variables")}
        description={t("variables.help")}
        value={variables}
        onChange={setVariables}
      />
      <SecretsField names={group?.secret_variables ?? []} value={secrets} onChange={setSecrets} />
    </FormDialog>
  );
}

interface SecretsFieldProps {
  /** What is kept already. */
  names: string[];
  value: string;
  onChange: (value: string) => void;
}

/** Secret variables are set and taken out, and never shown. */
export function SecretsField({ names, value, onChange }: SecretsFieldProps) {
  const t = useText();
  const kept = names.length > 0 ? t("variables.kept", { names: names.join(", ") }) : "";
  return (
    <MappingField
      label={t("host.secret-variables")}
      description={`${kept} ${t("variables.secret-help")}`.trim()}
      value={value}
      onChange={onChange}
    />
  );
}
