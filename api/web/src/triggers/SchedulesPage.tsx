// SPDX-License-Identifier: GPL-3.0-or-later
// What runs at its times? Each schedule with its last and next time.
import { Anchor, Code, Text } from "@mantine/core";
import { useState } from "react";
import { Link } from "react-router";
import { send } from "../api/client";
import type { Schedule } from "../api/types";
import type { Key } from "../i18n/en";
import { useLanguage } from "../i18n/language";
import { useVisitor } from "../session/session";
import { ActMenu } from "../shell/ActMenu";
import { type Column, DataTable } from "../shell/DataTable";
import { LinkButton } from "../shell/LinkButton";
import { Page } from "../shell/Page";
import { StatusBadge } from "../shell/StatusBadge";
import { tellTime } from "../shell/times";
import { ScheduleForm } from "./ScheduleForm";

export function SchedulesPage() {
  const { t, language } = useLanguage();
  const { may } = useVisitor();
  const columns: Column<Schedule>[] = [
    {
      head: t("schedules.name"),
      cell: (schedule) => (
        <>
          <Text size="sm" fw={600}>
            {schedule.name}
          </Text>
          <Text size="xs" c="dimmed">
            {schedule.run.name} · {schedule.owner}
          </Text>
        </>
      ),
    },
    {
      head: t("schedules.when"),
      visibleFrom: "sm",
      cell: (schedule) => (
        <>
          <Code>{schedule.cron ?? tellTime(schedule.at, language)}</Code>{" "}
          <Text size="xs" c="dimmed" span>
            {schedule.timezone}
          </Text>
        </>
      ),
    },
    {
      head: t("schedules.next"),
      cell: (schedule) =>
        schedule.paused_at ? (
          <StatusBadge status="pending" label={t("state.paused")} />
        ) : (
          tellTime(schedule.next_at, language)
        ),
    },
    {
      head: t("schedules.last"),
      visibleFrom: "sm",
      cell: (schedule) =>
        schedule.last_outcome && (
          <>
            {schedule.last_run_id ? (
              <Anchor component={Link} to={`/runs/${schedule.last_run_id}`} size="sm">
                {schedule.last_run_id}
              </Anchor>
            ) : null}{" "}
            {t(`schedules.${schedule.last_outcome}` as Key)}
            <Text size="xs" c="dimmed">
              {schedule.last_reason ?? tellTime(schedule.last_at, language)}
            </Text>
          </>
        ),
    },
  ];
  if (may("operator"))
    columns.push({
      head: "",
      cell: (schedule, refresh) => <ScheduleActions schedule={schedule} refresh={refresh} />,
    });
  return (
    <Page
      title={t("nav.schedules")}
      actions={may("operator") && <LinkButton to="/launch">{t("schedules.new")}</LinkButton>}
    >
      <DataTable
        path="/schedules"
        columns={columns}
        rowKey={(schedule) => schedule.id}
        empty={t("schedules.none")}
        help={may("operator") ? t("schedules.none-help") : undefined}
      />
    </Page>
  );
}

function ScheduleActions({ schedule, refresh }: { schedule: Schedule; refresh: () => void }) {
  const { t } = useLanguage();
  const [isChanging, setChanging] = useState(false);
  const path = `/schedules/${schedule.id}`;
  const close = () => {
    setChanging(false);
    refresh();
  };
  return (
    <>
      <ActMenu
        name={schedule.name}
        onDone={refresh}
        actions={[
          { label: t("common.change"), act: () => void setChanging(true) },
          {
            label: t(schedule.paused_at ? "run.resume" : "run.pause"),
            act: () => send("POST", `${path}/${schedule.paused_at ? "resume" : "pause"}`),
          },
          {
            label: t("hosts.remove"),
            question: t("schedules.remove-help", { name: schedule.name }),
            isDangerous: true,
            act: () => send("DELETE", path),
          },
        ]}
      />
      {isChanging && (
        <ScheduleForm schedule={schedule} onClose={() => setChanging(false)} onDone={close} />
      )}
    </>
  );
}
