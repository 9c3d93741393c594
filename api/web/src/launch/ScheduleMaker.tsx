// SPDX-License-Identifier: GPL-3.0-or-later
// How is something run later, or again and again? With a name and its times.
import { Button, Group, Modal, SegmentedControl, Stack, TextInput } from "@mantine/core";
import { useState } from "react";
import { useNavigate } from "react-router";
import { send } from "../api/client";
import { useText } from "../i18n/language";
import { Problem } from "../shell/Page";

interface ScheduleMakerProps {
  /** What is run, as the API takes it. */
  run: Record<string, unknown>;
  onClose: () => void;
}

export function ScheduleMaker({ run, onClose }: ScheduleMakerProps) {
  const t = useText();
  const navigate = useNavigate();
  const [name, setName] = useState("");
  const [kind, setKind] = useState<"cron" | "at">("cron");
  const [cron, setCron] = useState("0 3 * * *");
  const [at, setAt] = useState("");
  const [timezone, setTimezone] = useState(Intl.DateTimeFormat().resolvedOptions().timeZone);
  const [error, setError] = useState<Error | null>(null);

  async function submit(event: React.FormEvent) {
    event.preventDefault();
    setError(null);
    try {
      const times = kind === "cron" ? { cron } : { at: new Date(at).toISOString() };
      await send("POST", "/schedules", { name: name.trim(), timezone, run, ...times });
      navigate("/schedules");
    } catch (caught) {
      setError(caught as Error);
    }
  }

  return (
    <Modal
      opened
      onClose={onClose}
      title={t("launch.later")}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      <form onSubmit={submit}>
        <Stack>
          <TextInput
            required
            data-autofocus
            label={t("schedules.name")}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <SegmentedControl
            value={kind}
            onChange={(chosen) => setKind(chosen as typeof kind)}
            data={[
              { value: "cron", label: t("launch.again") },
              { value: "at", label: t("launch.once") },
            ]}
          />
          {kind === "cron" ? (
            <TextInput
              required
              label="cron"
              description={t("launch.cron-help")}
              spellCheck={false}
              value={cron}
              onChange={(event) => setCron(event.currentTarget.value)}
            />
          ) : (
            <TextInput
              required
              type="datetime-local"
              label={t("launch.at")}
              value={at}
              onChange={(event) => setAt(event.currentTarget.value)}
            />
          )}
          <TextInput
            required
            label={t("launch.timezone")}
            value={timezone}
            onChange={(event) => setTimezone(event.currentTarget.value)}
          />
          {error && <Problem error={error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t("common.back")}
            </Button>
            <Button type="submit">{t("launch.later")}</Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
