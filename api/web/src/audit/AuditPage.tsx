// SPDX-License-Identifier: GPL-3.0-or-later
// Who did what? The audit, newest first, and whether its chain is whole.
import { Alert, Button, Code, Group, Text } from "@mantine/core";
import { useState } from "react";
import { getJson } from "../api/client";
import type { AuditEntry, Verification } from "../api/types";
import { useLanguage } from "../i18n/language";
import { useAct } from "../shell/act";
import { type Column, DataTable } from "../shell/DataTable";
import { useListState } from "../shell/list-state";
import { Page } from "../shell/Page";
import { SearchBox } from "../shell/SearchBox";
import { tellTime } from "../shell/times";

export function AuditPage() {
  const { t, language } = useLanguage();
  const list = useListState();
  const act = useAct();
  const [verified, setVerified] = useState<Verification | null>(null);
  const columns: Column<AuditEntry>[] = [
    { head: t("audit.at"), cell: (entry) => tellTime(entry.at, language) },
    {
      head: t("audit.who"),
      cell: (entry) => (
        <>
          <Text size="sm" fw={600}>
            {entry.actor}
          </Text>
          <Text size="xs" c="dimmed">
            {entry.address}
          </Text>
        </>
      ),
    },
    {
      head: t("audit.what"),
      cell: (entry) => (
        <>
          <Code>{entry.action}</Code>{" "}
          <Text size="sm" span>
            {entry.object_name}
          </Text>
        </>
      ),
    },
    { head: t("audit.result"), visibleFrom: "sm", cell: (entry) => entry.result },
    {
      head: t("audit.details"),
      visibleFrom: "lg",
      cell: (entry) => (
        <Text size="xs" c="dimmed" truncate maw={360} title={JSON.stringify(entry.details)}>
          {Object.keys(entry.details).length > 0 ? JSON.stringify(entry.details) : ""}
        </Text>
      ),
    },
  ];
  const verify = () =>
    act(async () => setVerified(await getJson<Verification>("/audit/verification")));
  return (
    <Page
      title={t("nav.audit")}
      actions={
        <Button variant="default" onClick={() => void verify()}>
          {t("audit.verify")}
        </Button>
      }
    >
      {verified && (
        <Alert color={verified.intact ? "green" : "red"} role="status">
          {t(verified.intact ? "audit.intact" : "audit.broken", { count: verified.entries })}
          {verified.flaws.map((flaw) => (
            <Text key={flaw.seq} size="sm">
              {flaw.seq}: {flaw.message}
            </Text>
          ))}
        </Alert>
      )}
      <Group gap="sm">
        <SearchBox
          label={t("audit.by-actor")}
          value={list.get("actor")}
          onSearch={(actor) => list.set({ actor })}
        />
        <SearchBox
          label={t("audit.by-name")}
          value={list.get("object_name")}
          onSearch={(name) => list.set({ object_name: name })}
        />
      </Group>
      <DataTable
        path="/audit"
        asked={{ actor: list.get("actor"), object_name: list.get("object_name") }}
        columns={columns}
        rowKey={(entry) => entry.seq}
        empty={t("list.no-match")}
      />
    </Page>
  );
}
