// SPDX-License-Identifier: GPL-3.0-or-later
// How is something run later, or again and again? With a name, its times, and what if one is missed.
import { NumberInput, SegmentedControl, Select, TextInput } from "@mantine/core";
import { useState } from "react";
import { send } from "../api/client";
import type { Schedule } from "../api/types";
import { useText } from "../i18n/language";
import { FormDialog, NameField } from "../shell/FormDialog";
import { InputError } from "../shell/mapping";

const HERE = Intl.DateTimeFormat().resolvedOptions().timeZone;

interface ScheduleFormProps {
  /** What is run, as the API takes it, where the schedule is new. */
  run?: Record<string, unknown>;
  /** What is changed, where it is not. */
  schedule?: Schedule;
  onClose: () => void;
  onDone: () => void;
}

/** A point in time as a field of a form takes it, by the viewer's clock. */
function writeLocal(timestamp: string | null | undefined): string {
  if (!timestamp) return "";
  const time = new Date(timestamp);
  return new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

export function ScheduleForm({ run, schedule, onClose, onDone }: ScheduleFormProps) {
  const t = useText();
  const [name, setName] = useState(schedule?.name ?? "");
  const [kind, setKind] = useState<"cron" | "at">(schedule?.at ? "at" : "cron");
  const [cron, setCron] = useState(schedule?.cron ?? "0 3 * * *");
  const [at, setAt] = useState(writeLocal(schedule?.at));
  const [timezone, setTimezone] = useState(schedule?.timezone ?? HERE);
  const [overlap, setOverlap] = useState<Schedule["overlap"]>(schedule?.overlap ?? "skip");
  const [missed, setMissed] = useState<Schedule["missed"]>(schedule?.missed ?? "run_once");
  const [grace, setGrace] = useState((schedule?.grace_s ?? 3600) / 60);

  async function submit() {
    if (kind === "at" && Number.isNaN(Date.parse(at))) throw new InputError(t("launch.no-time"));
    const times = kind === "cron" ? { cron } : { at: new Date(at).toISOString() };
    const rules = { overlap, missed, grace_s: grace * 60 };
    const body = { name: name.trim(), timezone, ...times, ...rules };
    if (schedule) await send("PATCH", `/schedules/${schedule.id}`, body);
    else await send("POST", "/schedules", { ...body, run });
    onDone();
  }

  return (
    <FormDialog
      title={t(schedule ? "schedules.change" : "launch.later")}
      isChange={schedule !== undefined}
      onClose={onClose}
      submit={submit}
    >
      <NameField value={name} onChange={setName} />
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
      <Select
        label={t("schedules.overlap")}
        allowDeselect={false}
        value={overlap}
        onChange={(chosen) => setOverlap(chosen as typeof overlap)}
        data={[
          { value: "skip", label: t("schedules.overlap-skip") },
          { value: "allow", label: t("schedules.overlap-allow") },
        ]}
      />
      <Select
        label={t("schedules.missing")}
        allowDeselect={false}
        value={missed}
        onChange={(chosen) => setMissed(chosen as typeof missed)}
        data={[
          { value: "run_once", label: t("schedules.missing-run") },
          { value: "skip", label: t("schedules.missing-skip") },
        ]}
      />
      {missed === "run_once" && (
        <NumberInput
          label={t("schedules.grace")}
          min={0}
          max={43_200}
          value={grace}
          onChange={(chosen) => setGrace(Number(chosen) || 0)}
        />
      )}
    </FormDialog>
  );
}
