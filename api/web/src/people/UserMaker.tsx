// SPDX-License-Identifier: GPL-3.0-or-later
// How is somebody let in? With a name, a password and what they may.
import { PasswordInput, Select, TagsInput, TextInput } from "@mantine/core";
import { useState } from "react";
import { send } from "../api/client";
import { useText } from "../i18n/language";
import type { Role } from "../session/permissions";
import { FormDialog } from "../shell/FormDialog";

export function UserMaker({ onClose }: { onClose: () => void }) {
  const t = useText();
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [role, setRole] = useState<Role>("viewer");
  const [groups, setGroups] = useState<string[]>([]);

  async function submit() {
    const grants = [{ role, groups: groups.length > 0 ? groups : null }];
    await send("POST", "/users", { name: name.trim(), password, grants });
    onClose();
  }

  return (
    <FormDialog title={t("people.add-user")} onClose={onClose} submit={submit}>
      <TextInput
        required
        data-autofocus
        label={t("sign-in.name")}
        autoComplete="off"
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <PasswordInput
        required
        label={t("sign-in.password")}
        autoComplete="new-password"
        value={password}
        onChange={(event) => setPassword(event.currentTarget.value)}
        visibilityToggleButtonProps={{ "aria-label": t("sign-in.show") }}
      />
      <Select
        label={t("people.role")}
        allowDeselect={false}
        value={role}
        onChange={(chosen) => setRole((chosen ?? "viewer") as Role)}
        data={(["viewer", "operator", "admin"] as const).map((each) => ({
          value: each,
          label: t(`role.${each}`),
        }))}
      />
      <TagsInput
        label={t("people.groups")}
        description={t("people.groups-help")}
        value={groups}
        onChange={setGroups}
      />
    </FormDialog>
  );
}
