// SPDX-License-Identifier: GPL-3.0-or-later
// How does a program come in? With a token, which is shown this once.
import { NumberInput, Select, TextInput } from "@mantine/core";
import { useState } from "react";
import { send } from "../api/client";
import type { NewToken } from "../api/types";
import { useText } from "../i18n/language";
import type { Role } from "../session/permissions";
import { useVisitor } from "../session/session";
import { FormDialog } from "../shell/FormDialog";
import { SecretDialog } from "../shell/SecretDialog";

const DAY_MS = 86_400_000;

export function TokenMaker({ onClose }: { onClose: () => void }) {
  const t = useText();
  const [name, setName] = useState("");
  const [days, setDays] = useState(90);
  // The admin's own token stands for no user: what it makes belongs to the program that shows it.
  const isOwn = useVisitor().account.credential === "admin_token";
  const [role, setRole] = useState<Role | null>(isOwn ? "viewer" : null);
  const [made, setMade] = useState<NewToken | null>(null);
  const title = t("people.add-token");

  async function submit() {
    const expires_at = new Date(Date.now() + days * DAY_MS).toISOString();
    const grants = role === null ? null : [{ role }];
    const body = { name: name.trim(), expires_at, grants, is_own: isOwn };
    setMade(await send<NewToken>("POST", "/tokens", body));
  }

  if (made)
    return (
      <SecretDialog
        title={title}
        words={t("people.token-once")}
        secret={made.token}
        onClose={onClose}
      />
    );
  return (
    <FormDialog title={title} onClose={onClose} submit={submit}>
      <TextInput
        required
        data-autofocus
        label={t("people.purpose")}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <NumberInput
        label={t("people.days")}
        min={1}
        value={days}
        onChange={(chosen) => setDays(Number(chosen) || 1)}
      />
      <Select
        label={t("people.role")}
        placeholder={t("people.as-user")}
        clearable={!isOwn}
        value={role}
        onChange={(chosen) => setRole(chosen as Role | null)}
        data={(["viewer", "operator", "admin"] as const).map((each) => ({
          value: each,
          label: t(`role.${each}`),
        }))}
      />
    </FormDialog>
  );
}
