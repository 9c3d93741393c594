// SPDX-License-Identifier: GPL-3.0-or-later
// Who may come in? People with their grants, and tokens of people and programs.
import { Badge, Button, Code, Group, Tabs, Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { send } from "../api/client";
import type { Grant, Token, User } from "../api/types";
import { useLanguage } from "../i18n/language";
import { useVisitor } from "../session/session";
import { ActMenu } from "../shell/ActMenu";
import { type Column, DataTable } from "../shell/DataTable";
import { useListState } from "../shell/list-state";
import { Page } from "../shell/Page";
import { tellTime } from "../shell/times";
import { TokenMaker } from "./TokenMaker";
import { UserMaker } from "./UserMaker";

export function PeoplePage() {
  const { t } = useLanguage();
  const { may } = useVisitor();
  const list = useListState();
  const queries = useQueryClient();
  const [isMaking, setMaking] = useState(false);
  const mayManage = may("admin", true);
  const view = mayManage ? list.get("view") || "users" : "tokens";
  const close = () => {
    setMaking(false);
    void queries.invalidateQueries();
  };
  return (
    <Page
      title={t("nav.people")}
      actions={
        <Button onClick={() => setMaking(true)}>
          {t(view === "users" ? "people.add-user" : "people.add-token")}
        </Button>
      }
    >
      <Tabs value={view} onChange={(chosen) => list.set({ view: chosen })} keepMounted={false}>
        <Tabs.List mb="md">
          {mayManage && <Tabs.Tab value="users">{t("people.users")}</Tabs.Tab>}
          <Tabs.Tab value="tokens">{t("people.tokens")}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="users">
          <Users />
        </Tabs.Panel>
        <Tabs.Panel value="tokens">
          <Tokens />
        </Tabs.Panel>
      </Tabs>
      {isMaking && view === "users" && <UserMaker onClose={close} />}
      {isMaking && view === "tokens" && <TokenMaker onClose={close} />}
    </Page>
  );
}

/** A grant as the command line writes it: ROLE[:GROUPS[:TEMPLATES]]. */
export function tellGrant({ role, groups, templates }: Grant): string {
  const parts = [role, groups?.join(",") ?? "", templates?.join(",") ?? ""];
  return parts.join(":").replace(/:+$/, "");
}

function Grants({ grants }: { grants: Grant[] | null }) {
  const { t } = useLanguage();
  if (grants === null) return <Text size="sm">{t("people.as-user")}</Text>;
  return (
    <Group gap={4}>
      {grants.map(tellGrant).map((grant) => (
        <Badge key={grant} variant="default" radius="sm" tt="none" fw={500}>
          {grant}
        </Badge>
      ))}
    </Group>
  );
}

function Users() {
  const { t, language } = useLanguage();
  const { account } = useVisitor();
  const columns: Column<User>[] = [
    {
      head: t("sign-in.name"),
      cell: (user) => (
        <Group gap="xs">
          <Text size="sm" fw={600}>
            {user.name}
          </Text>
          {user.is_disabled && (
            <Badge color="red" variant="light" radius="sm" tt="none">
              {t("people.disabled")}
            </Badge>
          )}
        </Group>
      ),
    },
    { head: t("people.grants"), cell: (user) => <Grants grants={user.grants} /> },
    {
      head: t("runs.column-created"),
      visibleFrom: "sm",
      cell: (user) => tellTime(user.created_at, language),
    },
    {
      head: "",
      cell: (user, refresh) =>
        user.name !== account.name && (
          <ActMenu
            name={user.name}
            onDone={refresh}
            actions={[
              {
                label: t(user.is_disabled ? "common.enable" : "common.disable"),
                act: () =>
                  send("PATCH", `/users/${encodeURIComponent(user.name)}`, {
                    is_disabled: !user.is_disabled,
                  }),
              },
              {
                label: t("hosts.remove"),
                question: t("people.remove-help", { name: user.name }),
                isDangerous: true,
                act: () => send("DELETE", `/users/${encodeURIComponent(user.name)}`),
              },
            ]}
          />
        ),
    },
  ];
  return (
    <DataTable
      path="/users"
      columns={columns}
      rowKey={(user) => user.name}
      empty={t("people.none")}
      help={t("people.none-help")}
    />
  );
}

function Tokens() {
  const { t, language } = useLanguage();
  const columns: Column<Token>[] = [
    {
      head: t("schedules.name"),
      cell: (token) => (
        <>
          <Text size="sm" fw={600}>
            {token.name}
          </Text>
          <Code>{token.prefix}…</Code>
        </>
      ),
    },
    { head: t("people.of-user"), visibleFrom: "sm", cell: (token) => token.user ?? "–" },
    {
      head: t("people.grants"),
      visibleFrom: "md",
      cell: (token) => <Grants grants={token.grants} />,
    },
    {
      head: t("people.expires"),
      visibleFrom: "sm",
      cell: (token) => tellTime(token.expires_at, language) || t("people.never"),
    },
    {
      head: t("people.used"),
      visibleFrom: "md",
      cell: (token) => tellTime(token.last_used_at, language),
    },
    {
      head: "",
      cell: (token, refresh) =>
        token.is_valid ? (
          <ActMenu
            name={token.name}
            onDone={refresh}
            actions={[
              {
                label: t("people.revoke"),
                question: t("people.revoke-help", { name: token.name }),
                isDangerous: true,
                act: () => send("DELETE", `/tokens/${token.id}`),
              },
            ]}
          />
        ) : (
          <Text size="sm" c="dimmed">
            {t("people.invalid")}
          </Text>
        ),
    },
  ];
  return (
    <DataTable
      path="/tokens"
      columns={columns}
      rowKey={(token) => token.id}
      empty={t("people.no-tokens")}
      help={t("people.no-tokens-help")}
    />
  );
}
