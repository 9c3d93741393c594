// SPDX-License-Identifier: GPL-3.0-or-later
// What starts when another system says so? Each webhook, and what was delivered to it.
import { Anchor, Badge, Button, Code, Drawer, Group, Text } from "@mantine/core";
import { useState } from "react";
import { Link } from "react-router";
import { send } from "../api/client";
import type { Webhook, WebhookDelivery } from "../api/types";
import type { Key } from "../i18n/en";
import { useLanguage } from "../i18n/language";
import { useVisitor } from "../session/session";
import { ActButton } from "../shell/act";
import { type Column, DataTable } from "../shell/DataTable";
import { Page } from "../shell/Page";
import { tellTime } from "../shell/times";

const OUTCOME_COLORS: Record<string, string> = {
  ran: "green",
  ignored: "gray",
  failed: "red",
  pending: "blue",
};

export function WebhooksPage() {
  const { t } = useLanguage();
  const { may } = useVisitor();
  const [shown, setShown] = useState<Webhook | null>(null);
  const columns: Column<Webhook>[] = [
    {
      head: t("schedules.name"),
      cell: (webhook) => (
        <>
          <Text size="sm" fw={600}>
            {webhook.name}
          </Text>
          <Text size="xs" c="dimmed">
            {webhook.run.name} · {webhook.owner}
          </Text>
        </>
      ),
    },
    {
      head: t("webhooks.address"),
      visibleFrom: "sm",
      cell: (webhook) => <Code style={{ overflowWrap: "anywhere" }}>{webhook.path}</Code>,
    },
    { head: t("webhooks.scheme"), visibleFrom: "md", cell: (webhook) => webhook.scheme },
    {
      head: t("webhooks.refused"),
      visibleFrom: "md",
      cell: (webhook) => (webhook.refused_count > 0 ? webhook.refused_count : ""),
    },
    {
      head: "",
      cell: (webhook, refresh) => (
        <Group gap="xs" wrap="nowrap" justify="flex-end">
          <Button size="compact-sm" variant="default" onClick={() => setShown(webhook)}>
            {t("webhooks.deliveries")}
          </Button>
          {may("operator") && <WebhookActions webhook={webhook} refresh={refresh} />}
        </Group>
      ),
    },
  ];
  return (
    <Page title={t("nav.webhooks")}>
      <DataTable
        path="/webhooks"
        columns={columns}
        rowKey={(webhook) => webhook.id}
        empty={t("webhooks.none")}
        help={<Code>myx webhook add --help</Code>}
      />
      <Drawer
        opened={shown !== null}
        onClose={() => setShown(null)}
        position="right"
        size="lg"
        title={`${t("webhooks.deliveries")}: ${shown?.name ?? ""}`}
        closeButtonProps={{ "aria-label": t("common.close") }}
      >
        {shown && <Deliveries webhook={shown} />}
      </Drawer>
    </Page>
  );
}

function WebhookActions({ webhook, refresh }: { webhook: Webhook; refresh: () => void }) {
  const { t } = useLanguage();
  const path = `/webhooks/${webhook.id}`;
  return (
    <>
      <ActButton
        label={t(webhook.is_enabled ? "common.disable" : "common.enable")}
        act={() => send("PATCH", path, { is_enabled: !webhook.is_enabled })}
        onDone={refresh}
      />
      <ActButton
        label={t("hosts.remove")}
        question={t("webhooks.remove-help", { name: webhook.name })}
        isDangerous
        act={() => send("DELETE", path)}
        onDone={refresh}
      />
    </>
  );
}

function Deliveries({ webhook }: { webhook: Webhook }) {
  const { t, language } = useLanguage();
  const columns: Column<WebhookDelivery>[] = [
    { head: t("audit.at"), cell: (delivery) => tellTime(delivery.received_at, language) },
    {
      head: t("runs.column-status"),
      cell: (delivery) => (
        <Badge variant="light" radius="sm" tt="none" color={OUTCOME_COLORS[delivery.outcome] ?? ""}>
          {t(`webhooks.${delivery.outcome}` as Key)}
        </Badge>
      ),
    },
    {
      head: t("webhooks.why"),
      cell: (delivery) =>
        delivery.run_id ? (
          <Anchor component={Link} to={`/runs/${delivery.run_id}`} size="sm">
            {t("runs.column-run")} {delivery.run_id}
          </Anchor>
        ) : (
          <Text size="sm">{delivery.reason}</Text>
        ),
    },
    { head: t("webhooks.address"), visibleFrom: "sm", cell: (delivery) => delivery.address },
  ];
  return (
    <DataTable
      path={`/webhooks/${webhook.id}/deliveries`}
      pageName="deliveries"
      columns={columns}
      rowKey={(delivery) => delivery.id}
      empty={t("webhooks.no-deliveries")}
    />
  );
}
