// SPDX-License-Identifier: GPL-3.0-or-later
// Who is told what happens? Each notification, with what was sent because of it.
import { Badge, Button, Drawer, Group, Text, UnstyledButton } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { send } from "../api/client";
import type { NewNotification, Notification } from "../api/types";
import { useText } from "../i18n/language";
import { useVisitor } from "../session/session";
import { ActMenu } from "../shell/ActMenu";
import { type Column, DataTable } from "../shell/DataTable";
import { Page } from "../shell/Page";
import { Deliveries } from "./Deliveries";
import { NotificationForm, NotificationSecret } from "./NotificationForm";

export function NotificationsPage() {
  const t = useText();
  const { may } = useVisitor();
  const queries = useQueryClient();
  const [shown, setShown] = useState<Notification | null>(null);
  const [isAdding, setAdding] = useState(false);
  const columns: Column<Notification>[] = [
    {
      head: t("schedules.name"),
      cell: (notification) => (
        <>
          <Group gap="xs">
            <UnstyledButton c="var(--mantine-color-anchor)" onClick={() => setShown(notification)}>
              <Text size="sm" fw={600}>
                {notification.name}
              </Text>
            </UnstyledButton>
            {!notification.is_enabled && (
              <Badge color="gray" variant="light" radius="sm" tt="none">
                {t("common.disabled")}
              </Badge>
            )}
          </Group>
          <Text size="xs" c="dimmed">
            {notification.destination} · {notification.owner}
          </Text>
        </>
      ),
    },
    {
      head: t("notifications.events"),
      visibleFrom: "sm",
      cell: ({ events }) => (
        <Text size="sm">{events.map((event) => t(`event.${event}`)).join(", ")}</Text>
      ),
    },
    {
      head: t("notifications.about"),
      visibleFrom: "md",
      cell: ({ groups, templates, labels, triggered_by }) => (
        <Group gap={4}>
          {[...groups, ...templates, ...labels, ...triggered_by].map((each) => (
            <Badge key={each} variant="default" radius="sm" tt="none" fw={500}>
              {each}
            </Badge>
          ))}
        </Group>
      ),
    },
    {
      head: "",
      cell: (notification, refresh) => (
        <NotificationActions
          notification={notification}
          refresh={refresh}
          onShow={() => setShown(notification)}
        />
      ),
    },
  ];
  return (
    <Page
      title={t("nav.notifications")}
      actions={
        may("operator") && <Button onClick={() => setAdding(true)}>{t("notifications.add")}</Button>
      }
    >
      <DataTable
        path="/notifications"
        columns={columns}
        rowKey={(notification) => notification.id}
        empty={t("notifications.none")}
        help={may("operator") ? t("notifications.none-help") : undefined}
      />
      {isAdding && (
        <NotificationForm
          onClose={() => setAdding(false)}
          onDone={() => {
            setAdding(false);
            void queries.invalidateQueries({ queryKey: ["/notifications"] });
          }}
        />
      )}
      <Drawer
        opened={shown !== null}
        onClose={() => setShown(null)}
        position="right"
        size="xl"
        title={`${t("webhooks.deliveries")}: ${shown?.name ?? ""}`}
        closeButtonProps={{ "aria-label": t("common.close") }}
      >
        {shown && <Deliveries notification={shown} />}
      </Drawer>
    </Page>
  );
}

interface NotificationActionsProps {
  notification: Notification;
  refresh: () => void;
  onShow: () => void;
}

function NotificationActions({ notification, refresh, onShow }: NotificationActionsProps) {
  const t = useText();
  const { may } = useVisitor();
  const [isChanging, setChanging] = useState(false);
  const [rotated, setRotated] = useState<NewNotification | null>(null);
  const path = `/notifications/${notification.id}`;
  const close = () => {
    setChanging(false);
    refresh();
  };
  return (
    <>
      <ActMenu
        name={notification.name}
        onDone={refresh}
        actions={[
          { label: t("webhooks.deliveries"), act: () => void onShow() },
          may("operator") && {
            label: t("notifications.test"),
            act: async () => {
              await send("POST", `${path}/test`);
              onShow();
            },
          },
          may("operator") && { label: t("common.change"), act: () => void setChanging(true) },
          may("operator") && {
            label: t("common.rotate"),
            question: t("common.rotate-help"),
            act: async () => setRotated(await send<NewNotification>("POST", `${path}/rotate`, {})),
          },
          may("operator") && {
            label: t(notification.is_enabled ? "common.disable" : "common.enable"),
            act: () => send("PATCH", path, { is_enabled: !notification.is_enabled }),
          },
          may("operator") && {
            label: t("hosts.remove"),
            question: t("notifications.remove-help", { name: notification.name }),
            isDangerous: true,
            act: () => send("DELETE", path),
          },
        ]}
      />
      {isChanging && (
        <NotificationForm
          notification={notification}
          onClose={() => setChanging(false)}
          onDone={close}
        />
      )}
      {rotated && <NotificationSecret notification={rotated} onClose={() => setRotated(null)} />}
    </>
  );
}
