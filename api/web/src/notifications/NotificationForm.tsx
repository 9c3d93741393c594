// SPDX-License-Identifier: GPL-3.0-or-later
// Who is told what happens? An address, the events, and which runs and hosts they are about.
import { Checkbox, SimpleGrid, TagsInput, TextInput } from "@mantine/core";
import { useState } from "react";
import { send } from "../api/client";
import type { NewNotification, Notification } from "../api/types";
import { useText } from "../i18n/language";
import { FormDialog, NameField } from "../shell/FormDialog";
import { MappingField } from "../shell/MappingField";
import { requireMapping } from "../shell/mapping";
import { SecretDialog } from "../shell/SecretDialog";

export const EVENTS = [
  "run_started",
  "run_successful",
  "run_failed",
  "run_canceled",
  "host_offline",
  "host_online",
] as const;

type Event = (typeof EVENTS)[number];

interface NotificationFormProps {
  /** What is changed, where it is not new. */
  notification?: Notification;
  onClose: () => void;
  onDone: () => void;
}

export function NotificationForm({ notification, onClose, onDone }: NotificationFormProps) {
  const t = useText();
  const [name, setName] = useState("");
  const [url, setUrl] = useState("");
  const [headers, setHeaders] = useState("");
  const [events, setEvents] = useState<Event[]>(notification?.events ?? ["run_failed"]);
  const [templates, setTemplates] = useState(notification?.templates ?? []);
  const [groups, setGroups] = useState(notification?.groups ?? []);
  const [labels, setLabels] = useState(notification?.labels ?? []);
  const [by, setBy] = useState(notification?.triggered_by ?? []);
  const [made, setMade] = useState<NewNotification | null>(null);

  async function submit() {
    // What is secret of it is not shown again; left empty, it stays.
    const sent = headers.trim() ? { headers: requireMapping(headers, t("launch.no-mapping")) } : {};
    const address = url.trim() ? { url: url.trim() } : {};
    const body = { events, templates, groups, labels, triggered_by: by, ...sent, ...address };
    if (notification) {
      await send("PATCH", `/notifications/${notification.id}`, body);
      onDone();
    } else {
      const named = { ...body, name: name.trim() };
      setMade(await send<NewNotification>("POST", "/notifications", named));
    }
  }

  if (made) return <NotificationSecret notification={made} onClose={onDone} />;
  return (
    <FormDialog
      title={t(notification ? "notifications.change" : "notifications.add")}
      isChange={notification !== undefined}
      size="lg"
      onClose={onClose}
      submit={submit}
    >
      {!notification && <NameField value={name} onChange={setName} />}
      <TextInput
        required={!notification}
        label={t("notifications.url")}
        description={t(notification ? "notifications.url-kept" : "notifications.url-help")}
        placeholder={notification?.destination ?? "https://hooks.example.com/..."}
        spellCheck={false}
        autoComplete="off"
        value={url}
        onChange={(event) => setUrl(event.currentTarget.value)}
      />
      <Checkbox.Group
        label={t("notifications.events")}
        value={events}
        onChange={(chosen) => setEvents(chosen as Event[])}
      >
        <SimpleGrid cols={{ base: 1, xs: 2 }} mt="xs" spacing="xs">
          {EVENTS.map((event) => (
            <Checkbox key={event} value={event} label={t(`event.${event}`)} />
          ))}
        </SimpleGrid>
      </Checkbox.Group>
      <TagsInput
        label={t("people.groups")}
        description={t("people.groups-help")}
        value={groups}
        onChange={setGroups}
      />
      <TagsInput
        label={t("notifications.templates")}
        description={t("notifications.templates-help")}
        value={templates}
        onChange={setTemplates}
      />
      <TagsInput
        label={t("notifications.labels")}
        placeholder="env=prod"
        splitChars={[";"]}
        value={labels}
        onChange={setLabels}
      />
      <TagsInput label={t("notifications.by")} value={by} onChange={setBy} />
      <MappingField
        label={t("notifications.headers")}
        description={
          notification && notification.headers.length > 0
            ? t("notifications.headers-kept", { names: notification.headers.join(", ") })
            : t("notifications.headers-help")
        }
        value={headers}
        onChange={setHeaders}
      />
    </FormDialog>
  );
}

interface NotificationSecretProps {
  notification: NewNotification;
  onClose: () => void;
}

export function NotificationSecret({ notification, onClose }: NotificationSecretProps) {
  const t = useText();
  return (
    <SecretDialog
      title={notification.name}
      words={t("notifications.secret-once")}
      secret={notification.secret}
      onClose={onClose}
    />
  );
}
