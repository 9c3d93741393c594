// SPDX-License-Identifier: GPL-3.0-or-later
// Who did what? The audit, newest first, and whether its chain is whole.
import { Alert, Button, Code, SimpleGrid, Text, TextInput } from "@mantine/core";
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

const FILTERS = ["actor", "object_name", "action", "object_kind", "result"] as const;

/** When a day begins by the viewer's clock, or one some days later; empty for no day. */
function beginDay(day: string, later = 0): string {
  const [year, month, date] = day.split("-").map(Number);
  if (!year || !month || !date) return "";
  return new Date(year, month - 1, date + later).toISOString();
}

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
      <AuditFilters />
      <DataTable
        path="/audit"
        asked={{
          ...Object.fromEntries(FILTERS.map((name) => [name, list.get(name)])),
          after: beginDay(list.get("after")),
          before: beginDay(list.get("before"), 1),
        }}
        columns={columns}
        rowKey={(entry) => entry.seq}
        empty={t("list.no-match")}
      />
    </Page>
  );
}

function AuditFilters() {
  const t = useLanguage().t;
  const list = useListState();
  return (
    <SimpleGrid cols={{ base: 2, sm: 4, xl: 7 }} spacing="sm" style={{ alignItems: "end" }}>
      {FILTERS.map((name) => (
        <SearchBox
          key={name}
          isFluid
          label={t(`audit.by-${name}`)}
          value={list.get(name)}
          onSearch={(value) => list.set({ [name]: value })}
        />
      ))}
      {(["after", "before"] as const).map((name) => (
        <TextInput
          key={name}
          type="date"
          label={t(`audit.${name}`)}
          value={list.get(name)}
          onChange={(event) => list.set({ [name]: event.currentTarget.value })}
        />
      ))}
    </SimpleGrid>
  );
}
