// SPDX-License-Identifier: GPL-3.0-or-later
// What starts when another system says so? Each webhook, and what was delivered to it.
import { Anchor, Badge, Code, Drawer, Group, Stack, Text, UnstyledButton } from "@mantine/core";
import { useState } from "react";
import { Link } from "react-router";
import { send } from "../api/client";
import type { NewWebhook, Webhook, WebhookDelivery } from "../api/types";
import type { Key } from "../i18n/en";
import { useLanguage, useText } from "../i18n/language";
import { useVisitor } from "../session/session";
import { ActMenu } from "../shell/ActMenu";
import { ChoiceFilter } from "../shell/ChoiceFilter";
import { type Column, DataTable } from "../shell/DataTable";
import { LinkButton } from "../shell/LinkButton";
import { Page } from "../shell/Page";
import { tellTime } from "../shell/times";
import { WebhookForm, WebhookSecret } from "./WebhookForm";

const OUTCOMES = ["ran", "ignored", "failed", "pending"] as const;
const OUTCOME_COLORS: Record<string, string> = {
  ran: "green",
  ignored: "gray",
  failed: "red",
  pending: "blue",
};

export function WebhooksPage() {
  const { t, language } = useLanguage();
  const { may } = useVisitor();
  const [shown, setShown] = useState<Webhook | null>(null);
  const columns: Column<Webhook>[] = [
    {
      head: t("schedules.name"),
      cell: (webhook) => (
        <>
          <Group gap="xs">
            <UnstyledButton c="var(--mantine-color-anchor)" onClick={() => setShown(webhook)}>
              <Text size="sm" fw={600}>
                {webhook.name}
              </Text>
            </UnstyledButton>
            {!webhook.is_enabled && (
              <Badge color="gray" variant="light" radius="sm" tt="none">
                {t("common.disabled")}
              </Badge>
            )}
          </Group>
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
      cell: (webhook) =>
        webhook.refused_count > 0 && (
          <>
            {webhook.refused_count}
            <Text size="xs" c="dimmed">
              {tellTime(webhook.refused_at, language)} {webhook.refused_from}
            </Text>
          </>
        ),
    },
    {
      head: "",
      cell: (webhook, refresh) => (
        <WebhookActions webhook={webhook} refresh={refresh} onShow={() => setShown(webhook)} />
      ),
    },
  ];
  return (
    <Page
      title={t("nav.webhooks")}
      actions={may("operator") && <LinkButton to="/launch">{t("webhooks.new")}</LinkButton>}
    >
      <DataTable
        path="/webhooks"
        columns={columns}
        rowKey={(webhook) => webhook.id}
        empty={t("webhooks.none")}
        help={may("operator") ? t("webhooks.none-help") : undefined}
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

interface WebhookActionsProps {
  webhook: Webhook;
  refresh: () => void;
  onShow: () => void;
}

function WebhookActions({ webhook, refresh, onShow }: WebhookActionsProps) {
  const t = useText();
  const { may } = useVisitor();
  const [isChanging, setChanging] = useState(false);
  const [rotated, setRotated] = useState<NewWebhook | null>(null);
  const path = `/webhooks/${webhook.id}`;
  const close = () => {
    setChanging(false);
    refresh();
  };
  return (
    <>
      <ActMenu
        name={webhook.name}
        onDone={refresh}
        actions={[
          { label: t("webhooks.deliveries"), act: () => void onShow() },
          may("operator") && { label: t("common.change"), act: () => void setChanging(true) },
          may("operator") && {
            label: t("common.rotate"),
            question: t("common.rotate-help"),
            act: async () => setRotated(await send<NewWebhook>("POST", `${path}/rotate`, {})),
          },
          may("operator") && {
            label: t(webhook.is_enabled ? "common.disable" : "common.enable"),
            act: () => send("PATCH", path, { is_enabled: !webhook.is_enabled }),
          },
          may("operator") && {
            label: t("hosts.remove"),
            question: t("webhooks.remove-help", { name: webhook.name }),
            isDangerous: true,
            act: () => send("DELETE", path),
          },
        ]}
      />
      {isChanging && (
        <WebhookForm webhook={webhook} onClose={() => setChanging(false)} onDone={close} />
      )}
      {rotated && <WebhookSecret webhook={rotated} onClose={() => setRotated(null)} />}
    </>
  );
}

function Deliveries({ webhook }: { webhook: Webhook }) {
  const { t, language } = useLanguage();
  const [outcome, setOutcome] = useState<string | null>(null);
  const columns: Column<WebhookDelivery>[] = [
    {
      head: t("audit.at"),
      cell: (delivery) => (
        <>
          {tellTime(delivery.received_at, language)}
          <Text size="xs" c="dimmed">
            {delivery.address}
          </Text>
        </>
      ),
    },
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
      cell: (delivery) => (
        <>
          {delivery.run_id && (
            <Anchor component={Link} to={`/runs/${delivery.run_id}`} size="sm">
              {t("runs.column-run")} {delivery.run_id}
            </Anchor>
          )}
          <Text size="sm">{delivery.reason}</Text>
        </>
      ),
    },
  ];
  return (
    <Stack gap="sm">
      <ChoiceFilter
        label={t("webhooks.outcome")}
        values={OUTCOMES}
        name={(each) => t(`webhooks.${each}`)}
        chosen={outcome}
        onChoose={setOutcome}
      />
      <DataTable
        path={`/webhooks/${webhook.id}/deliveries`}
        asked={{ outcome }}
        pageName="deliveries"
        columns={columns}
        rowKey={(delivery) => delivery.id}
        empty={t(outcome ? "list.no-match" : "webhooks.no-deliveries")}
        help={outcome ? undefined : t("webhooks.no-deliveries-help", { path: webhook.path })}
      />
    </Stack>
  );
}
