// SPDX-License-Identifier: GPL-3.0-or-later
// What should somebody look at first? What waits for people, what failed, who does not answer.
import { Anchor, Card, Group, Stack, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { getJson, query } from "../api/client";
import type { Host, Overview, Page as PageOf, Run, Schedule } from "../api/types";
import { useLanguage } from "../i18n/language";
import { StatusBadge } from "../shell/StatusBadge";
import { tellAgo, tellBytes, useNow } from "../shell/times";

const REFRESH_MS = 10_000;
const SHOWN = 5;
const DAY_MS = 86_400_000;
const FAILED = new Set(["failed", "timed_out", "lost"]);
const BEHIND_BYTES = 1024 * 1024;
/** A log that is further behind its host than this is late. */

interface Item {
  key: string;
  status: string;
  label?: string;
  to: string;
  title: string;
  words: string;
}

function useList<T>(path: string, asked: Parameters<typeof query>[0], enabled: boolean): T[] {
  const list = useQuery({
    queryKey: ["attention", path, asked],
    queryFn: ({ signal }) => getJson<PageOf<T>>(`${path}${query(asked)}`, signal),
    enabled,
    refetchInterval: REFRESH_MS,
  });
  return enabled ? (list.data?.results ?? []) : [];
}

function isRecent(run: Run): boolean {
  return run.finished_at !== null && Date.parse(run.finished_at) > Date.now() - DAY_MS;
}

function useItems(overview: Overview, recent: readonly Run[]): Item[] {
  const { t, language } = useLanguage();
  const now = useNow();
  const isOffline = (overview.hosts.offline ?? 0) > 0;
  const hosts = useList<Host>("/hosts", { state: ["offline"], page_size: SHOWN }, isOffline);
  const running = useList<Run>(
    "/runs",
    { status: "running", page_size: 50 },
    overview.runs_paused > 0,
  );
  const schedules = useList<Schedule>("/schedules", { page_size: 100 }, true);
  const describe = (run: Run) => ({
    key: `run-${run.id}`,
    to: `/runs/${run.id}`,
    title: `${run.id} · ${run.name}`,
  });
  return [
    ...running
      .filter((run) => run.paused_at !== null)
      .map((run) => ({
        ...describe(run),
        status: "maintenance",
        label: t("state.paused"),
        words: run.pause_reason ?? "",
      })),
    ...recent
      .filter((run) => FAILED.has(run.status) && isRecent(run))
      .slice(0, SHOWN)
      .map((run) => ({ ...describe(run), status: run.status, words: run.reason ?? "" })),
    ...schedules
      .filter((each) => each.last_outcome === "failed" || each.last_outcome === "missed")
      .slice(0, SHOWN)
      .map((each) => ({
        key: `schedule-${each.id}`,
        to: "/schedules",
        status: "failed",
        label: t(each.last_outcome === "missed" ? "schedules.missed" : "schedules.failed"),
        title: each.name,
        words: each.last_reason ?? "",
      })),
    ...hosts.map((host) => ({
      key: `host-${host.name}`,
      to: `/hosts/${encodeURIComponent(host.name)}`,
      status: "offline",
      title: host.name,
      words: host.agent.last_seen_at ? tellAgo(host.agent.last_seen_at, now, language) : "",
    })),
    ...((overview.log_behind_bytes ?? 0) > BEHIND_BYTES
      ? [
          {
            key: "lag",
            to: "/runs?status=running",
            status: "pending",
            label: t("overview.late"),
            title: t("overview.lag"),
            words: tellBytes(overview.log_behind_bytes ?? 0),
          },
        ]
      : []),
  ];
}

export function Attention({ overview, recent }: { overview: Overview; recent: readonly Run[] }) {
  const { t } = useLanguage();
  const items = useItems(overview, recent);
  if (items.length === 0) return null;
  return (
    <Card withBorder component="section" aria-labelledby="attention">
      <Title order={2} size="h5" mb="xs" id="attention">
        {t("overview.attention")}
      </Title>
      <Stack gap={6}>
        {items.map((item) => (
          <Group key={item.key} gap="sm" wrap="nowrap">
            <StatusBadge status={item.status} {...(item.label ? { label: item.label } : {})} />
            <Anchor component={Link} to={item.to} size="sm" truncate flex="0 1 auto">
              {item.title}
            </Anchor>
            <Text size="sm" c="dimmed" truncate flex="1 1 0" title={item.words}>
              {item.words}
            </Text>
          </Group>
        ))}
      </Stack>
    </Card>
  );
}
