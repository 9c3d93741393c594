// SPDX-License-Identifier: GPL-3.0-or-later
// What was sent, has it arrived, and why not? The newest first, each can be sent again.
import { Badge, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { send } from "../api/client";
import type { Notification, NotificationDelivery } from "../api/types";
import { useLanguage } from "../i18n/language";
import { useVisitor } from "../session/session";
import { ActMenu } from "../shell/ActMenu";
import { ChoiceFilter } from "../shell/ChoiceFilter";
import { type Column, DataTable } from "../shell/DataTable";
import { tellTime } from "../shell/times";

const STATUSES = ["waiting", "delivered", "failed"] as const;
const STATUS_COLORS = { waiting: "blue", delivered: "green", failed: "red" } as const;

export function Deliveries({ notification }: { notification: Notification }) {
  const { t, language } = useLanguage();
  const { may } = useVisitor();
  const [status, setStatus] = useState<string | null>(null);
  const path = `/notifications/${notification.id}/deliveries`;
  const columns: Column<NotificationDelivery>[] = [
    {
      head: t("audit.at"),
      cell: (delivery) => tellTime(delivery.created_at, language),
    },
    {
      head: t("notifications.what"),
      cell: ({ event, subject }) => (
        <>
          <Text size="sm">{t(`event.${event}`)}</Text>
          {event !== "test" && (
            <Text size="xs" c="dimmed">
              {subject}
            </Text>
          )}
        </>
      ),
    },
    {
      head: t("runs.column-status"),
      cell: (delivery) => (
        <Badge variant="light" radius="sm" tt="none" color={STATUS_COLORS[delivery.status]}>
          {t(`delivery.${delivery.status}`)}
        </Badge>
      ),
    },
    {
      head: t("notifications.tries"),
      cell: (delivery) => (
        <>
          <Text size="sm">
            {[delivery.attempts, delivery.status_code && `HTTP ${delivery.status_code}`]
              .filter((each) => each !== null)
              .join(" · ")}
          </Text>
          <Text size="xs" c="dimmed">
            {delivery.reason}{" "}
            {delivery.status === "waiting" &&
              t("notifications.next", { time: tellTime(delivery.next_at, language) })}
          </Text>
        </>
      ),
    },
  ];
  if (may("operator"))
    columns.push({
      head: "",
      cell: (delivery, refresh) => (
        <ActMenu
          name={delivery.delivery_key}
          onDone={refresh}
          actions={[
            {
              label: t("notifications.again"),
              act: () => send("POST", `${path}/${delivery.id}/redeliver`),
            },
          ]}
        />
      ),
    });
  return (
    <Stack gap="sm">
      <ChoiceFilter
        label={t("runs.status")}
        values={STATUSES}
        name={(each) => t(`delivery.${each}`)}
        chosen={status}
        onChoose={setStatus}
      />
      <DataTable
        path={path}
        asked={{ status }}
        pageName="deliveries"
        columns={columns}
        rowKey={(delivery) => delivery.id}
        empty={t(status ? "list.no-match" : "notifications.nothing-sent")}
        help={status ? undefined : t("notifications.nothing-sent-help")}
      />
    </Stack>
  );
}
