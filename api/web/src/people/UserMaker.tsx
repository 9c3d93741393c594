// SPDX-License-Identifier: GPL-3.0-or-later
// How is somebody let in? With a name, a password and what they may.
import {
  Button,
  Group,
  Modal,
  PasswordInput,
  Select,
  Stack,
  TagsInput,
  TextInput,
} from "@mantine/core";
import { useState } from "react";
import { send } from "../api/client";
import { useText } from "../i18n/language";
import type { Role } from "../session/permissions";
import { Problem } from "../shell/Page";

export function UserMaker({ onClose }: { onClose: () => void }) {
  const t = useText();
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [role, setRole] = useState<Role>("viewer");
  const [groups, setGroups] = useState<string[]>([]);
  const [error, setError] = useState<Error | null>(null);

  async function submit(event: React.FormEvent) {
    event.preventDefault();
    setError(null);
    try {
      const grants = [{ role, groups: groups.length > 0 ? groups : null }];
      await send("POST", "/users", { name: name.trim(), password, grants });
      onClose();
    } catch (caught) {
      setError(caught as Error);
    }
  }

  return (
    <Modal
      opened
      onClose={onClose}
      title={t("people.add-user")}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      <form onSubmit={submit}>
        <Stack>
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
          {error && <Problem error={error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t("common.back")}
            </Button>
            <Button type="submit">{t("people.add-user")}</Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
