// SPDX-License-Identifier: GPL-3.0-or-later
// How does a host come in? With its address and SSH account; its agent is installed while one watches.
import {
  Checkbox,
  NumberInput,
  PasswordInput,
  SimpleGrid,
  TagsInput,
  Textarea,
  TextInput,
} from "@mantine/core";
import { useState } from "react";
import { useNavigate } from "react-router";
import { send } from "../api/client";
import type { Host, Run } from "../api/types";
import { useText } from "../i18n/language";
import { FormDialog } from "../shell/FormDialog";

const EMPTY = {
  name: "",
  address: "",
  description: "",
  ssh_user: "root",
  ssh_port: 22,
  ssh_password: "",
  ssh_private_key: "",
  groups: [] as string[],
};

type Draft = typeof EMPTY;

function describe(draft: Draft): Record<string, unknown> {
  return {
    ...draft,
    name: draft.name.trim(),
    address: draft.address.trim(),
    ssh_password: draft.ssh_password || null,
    ssh_private_key: draft.ssh_private_key.trim() ? `${draft.ssh_private_key.trim()}\n` : null,
  };
}

export function HostAdder({ onClose }: { onClose: () => void }) {
  const t = useText();
  const navigate = useNavigate();
  const [draft, setDraft] = useState<Draft>(EMPTY);
  const [installs, setInstalls] = useState(true);
  const [acceptsKey, setAcceptsKey] = useState(true);
  const change = (changes: Partial<Draft>) => setDraft((before) => ({ ...before, ...changes }));

  async function submit() {
    const host = await send<Host>("POST", "/hosts", describe(draft));
    if (installs) {
      const body = { hosts: [host.name], accept_new_host_key: acceptsKey };
      navigate(`/runs/${(await send<Run>("POST", "/hosts/install", body)).id}`);
    } else navigate(`/hosts/${encodeURIComponent(host.name)}`);
  }

  return (
    <FormDialog
      title={t("hosts.add-title")}
      label={t(installs ? "hosts.add-and-install" : "hosts.add")}
      size="lg"
      onClose={onClose}
      submit={submit}
    >
      <HostFields draft={draft} change={change} />
      <Checkbox
        label={t("hosts.install-now")}
        checked={installs}
        onChange={(event) => setInstalls(event.currentTarget.checked)}
      />
      {installs && (
        <Checkbox
          label={t("hosts.accept-key")}
          checked={acceptsKey}
          onChange={(event) => setAcceptsKey(event.currentTarget.checked)}
        />
      )}
    </FormDialog>
  );
}

interface HostFieldsProps {
  draft: Draft;
  change: (changes: Partial<Draft>) => void;
}

function HostFields({ draft, change }: HostFieldsProps) {
  const t = useText();
  return (
    <>
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <TextInput
          required
          data-autofocus
          label={t("hosts.column-name")}
          spellCheck={false}
          value={draft.name}
          onChange={(event) => change({ name: event.currentTarget.value })}
        />
        <TextInput
          required
          label={t("hosts.column-address")}
          placeholder="192.0.2.10"
          spellCheck={false}
          value={draft.address}
          onChange={(event) => change({ address: event.currentTarget.value })}
        />
        <TextInput
          required
          label={t("hosts.ssh-user")}
          description={t("hosts.ssh-user-help")}
          autoComplete="off"
          value={draft.ssh_user}
          onChange={(event) => change({ ssh_user: event.currentTarget.value })}
        />
        <NumberInput
          label={t("hosts.ssh-port")}
          description=" "
          min={1}
          max={65535}
          value={draft.ssh_port}
          onChange={(port) => change({ ssh_port: Number(port) || 22 })}
        />
      </SimpleGrid>
      <PasswordInput
        label={t("hosts.ssh-password")}
        autoComplete="new-password"
        value={draft.ssh_password}
        onChange={(event) => change({ ssh_password: event.currentTarget.value })}
        visibilityToggleButtonProps={{ "aria-label": t("sign-in.show") }}
      />
      <Textarea
        label={t("hosts.ssh-key")}
        placeholder="-----BEGIN OPENSSH PRIVATE KEY-----"
        autosize
        minRows={2}
        maxRows={6}
        spellCheck={false}
        value={draft.ssh_private_key}
        onChange={(event) => change({ ssh_private_key: event.currentTarget.value })}
      />
      <TagsInput
        label={t("hosts.column-groups")}
        value={draft.groups}
        onChange={(groups) => change({ groups })}
      />
      <TextInput
        label={t("hosts.description")}
        value={draft.description}
        onChange={(event) => change({ description: event.currentTarget.value })}
      />
    </>
  );
}
