// SPDX-License-Identifier: GPL-3.0-or-later
// What of a host can be changed? Where it is, what it belongs to, its variables and its limits.
import { NumberInput, SimpleGrid, TagsInput, TextInput } from "@mantine/core";
import { useState } from "react";
import { send } from "../api/client";
import type { Host } from "../api/types";
import { SecretsField } from "../groups/GroupForm";
import { useGroupNames } from "../groups/GroupsPage";
import type { Key } from "../i18n/en";
import { useText } from "../i18n/language";
import { FormDialog } from "../shell/FormDialog";
import { MappingField } from "../shell/MappingField";
import { readLabels, requireMapping, writeLabels, writeMapping } from "../shell/mapping";

const FIELDS = [
  ["address", "hosts.column-address"],
  ["ssh_user", "hosts.ssh-user"],
  ["description", "hosts.description"],
  ["location", "host.location"],
  ["provider", "host.provider"],
  ["idc", "host.idc"],
] as const satisfies readonly (readonly [keyof Host, Key])[];

const LIMITS = [
  ["max_playbooks", "host.max-playbooks"],
  ["max_commands", "host.max-commands"],
] as const satisfies readonly (readonly [keyof Host, Key])[];

interface HostEditorProps {
  host: Host;
  onClose: () => void;
  onDone: () => void;
}

export function HostEditor({ host, onClose, onDone }: HostEditorProps) {
  const t = useText();
  const names = useGroupNames();
  // What was changed meanwhile is not overwritten: what is edited is what was there at first.
  const [start] = useState(host);
  const [facts, setFacts] = useState(() => ({ ...host }));
  const [labels, setLabels] = useState(() => writeLabels(host.labels));
  const [variables, setVariables] = useState(() => writeMapping(host.variables));
  const [secrets, setSecrets] = useState("");

  async function submit() {
    const words = t("launch.no-mapping");
    const { address, ssh_user, ssh_port, description, location, provider, idc, groups } = facts;
    const where = { address: address.trim(), ssh_user, ssh_port, location, provider, idc };
    const limits = { max_playbooks: facts.max_playbooks, max_commands: facts.max_commands };
    await send("PATCH", `/hosts/${encodeURIComponent(host.name)}`, {
      ...where,
      ...limits,
      description,
      groups,
      labels: readLabels(labels),
      variables: requireMapping(variables, words),
      secret_variables: requireMapping(secrets, words),
      revision: start.revision,
    });
    onDone();
  }

  return (
    <FormDialog
      title={t("groups.change", { name: host.name })}
      isChange
      size="lg"
      onClose={onClose}
      submit={submit}
    >
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        {FIELDS.map(([field, label]) => (
          <TextInput
            key={field}
            label={t(label)}
            required={field === "address" || field === "ssh_user"}
            spellCheck={false}
            value={facts[field]}
            onChange={(event) => setFacts({ ...facts, [field]: event.currentTarget.value })}
          />
        ))}
        <NumberInput
          label={t("hosts.ssh-port")}
          min={1}
          max={65535}
          value={facts.ssh_port}
          onChange={(port) => setFacts({ ...facts, ssh_port: Number(port) || 22 })}
        />
        {LIMITS.map(([field, label]) => (
          <NumberInput
            key={field}
            label={t(label)}
            placeholder={t("host.max-default")}
            min={1}
            max={1000}
            value={facts[field] ?? ""}
            onChange={(limit) =>
              setFacts({ ...facts, [field]: typeof limit === "number" ? limit : null })
            }
          />
        ))}
      </SimpleGrid>
      <TagsInput
        label={t("hosts.column-groups")}
        data={names}
        value={facts.groups}
        onChange={(groups) => setFacts({ ...facts, groups })}
      />
      <TagsInput
        label={t("host.labels")}
        placeholder="env=prod"
        value={labels}
        onChange={setLabels}
      />
      <MappingField
        label={t("host.variables")}
        description={t("variables.help")}
        value={variables}
        onChange={setVariables}
      />
      <SecretsField names={host.secret_variables} value={secrets} onChange={setSecrets} />
    </FormDialog>
  );
}
