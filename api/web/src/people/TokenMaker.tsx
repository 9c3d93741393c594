// SPDX-License-Identifier: GPL-3.0-or-later
// How does a program come in? With a token, which is shown this once.
import {
  Alert,
  Button,
  Code,
  CopyButton,
  Group,
  Modal,
  NumberInput,
  Select,
  Stack,
  TextInput,
} from "@mantine/core";
import { useState } from "react";
import { send } from "../api/client";
import type { NewToken } from "../api/types";
import { useText } from "../i18n/language";
import type { Role } from "../session/permissions";
import { useVisitor } from "../session/session";
import { Problem } from "../shell/Page";

const DAY_MS = 86_400_000;

export function TokenMaker({ onClose }: { onClose: () => void }) {
  const t = useText();
  const [name, setName] = useState("");
  const [days, setDays] = useState(90);
  // The admin's own token stands for no user: what it makes belongs to the program that shows it.
  const isOwn = useVisitor().account.credential === "admin_token";
  const [role, setRole] = useState<Role | null>(isOwn ? "viewer" : null);
  const [made, setMade] = useState<NewToken | null>(null);
  const [error, setError] = useState<Error | null>(null);

  async function submit(event: React.FormEvent) {
    event.preventDefault();
    setError(null);
    try {
      const expires_at = new Date(Date.now() + days * DAY_MS).toISOString();
      const grants = role === null ? null : [{ role }];
      const body = { name: name.trim(), expires_at, grants, is_own: isOwn };
      setMade(await send<NewToken>("POST", "/tokens", body));
    } catch (caught) {
      setError(caught as Error);
    }
  }

  return (
    <Modal
      opened
      onClose={onClose}
      title={t("people.add-token")}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      {made ? (
        <Made token={made.token} onClose={onClose} />
      ) : (
        <form onSubmit={submit}>
          <Stack>
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
            {error && <Problem error={error} />}
            <Group justify="flex-end">
              <Button variant="default" onClick={onClose}>
                {t("common.back")}
              </Button>
              <Button type="submit">{t("people.add-token")}</Button>
            </Group>
          </Stack>
        </form>
      )}
    </Modal>
  );
}

function Made({ token, onClose }: { token: string; onClose: () => void }) {
  const t = useText();
  return (
    <Stack>
      <Alert color="green">{t("people.token-once")}</Alert>
      <Code block style={{ overflowWrap: "anywhere", whiteSpace: "pre-wrap" }}>
        {token}
      </Code>
      <Group justify="flex-end">
        <CopyButton value={token}>
          {({ copied, copy }) => (
            <Button variant="default" onClick={copy}>
              {t(copied ? "common.copied" : "common.copy")}
            </Button>
          )}
        </CopyButton>
        <Button onClick={onClose}>{t("common.close")}</Button>
      </Group>
    </Stack>
  );
}
