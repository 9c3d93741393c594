// SPDX-License-Identifier: GPL-3.0-or-later
// How is the fleet? What needs attention first, then what runs, then how it went lately.
import { Anchor, Card, Group, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { getJson, query } from "../api/client";
import type { Host, Page as PageOf, Run } from "../api/types";
import { useLanguage, useText } from "../i18n/language";
import { RunsTable } from "../runs/RunsPage";
import { Empty, Loading, Page, Problem } from "../shell/Page";
import { StatusBadge } from "../shell/StatusBadge";
import { tellAgo, useNow } from "../shell/times";
import { RecentRuns } from "./RecentRuns";

const REFRESH_MS = 5000;
const RECENT = 100;
const SHOWN = 6;

function useCount(path: string, name: string): number | undefined {
  return useQuery({
    queryKey: ["count", name],
    queryFn: ({ signal }) => getJson<PageOf<unknown>>(path, signal),
    refetchInterval: REFRESH_MS,
  }).data?.count;
}

function useRuns(asked: { status?: string; page_size: number }) {
  return useQuery({
    queryKey: ["runs", asked],
    queryFn: ({ signal }) => getJson<PageOf<Run>>(`/runs${query(asked)}`, signal),
    refetchInterval: REFRESH_MS,
  });
}

export function OverviewPage() {
  const t = useText();
  const online = useCount("/hosts?state=online&page_size=1", "online");
  const offline = useCount("/hosts?state=offline&page_size=1", "offline");
  const without = useCount("/hosts?state=not_installed&page_size=1", "not_installed");
  const recent = useRuns({ page_size: RECENT });
  const running = useRuns({ status: "running", page_size: SHOWN });
  if (recent.error) return <Problem error={recent.error} onRetry={() => void recent.refetch()} />;
  const today = (recent.data?.results ?? []).filter(
    (run) => Date.parse(run.created_at) > Date.now() - 86_400_000,
  );
  const failed = today.filter((run) => ["failed", "timed_out", "lost"].includes(run.status));
  return (
    <Page title={t("nav.overview")}>
      <SimpleGrid cols={{ base: 2, sm: 3, lg: 5 }}>
        <Figure
          label={t("overview.online")}
          value={online}
          to="/hosts?state=online"
          color="green"
        />
        <Figure
          label={t("overview.offline")}
          value={offline}
          to="/hosts?state=offline"
          color={offline ? "red" : undefined}
        />
        <Figure
          label={t("overview.without-agent")}
          value={without}
          to="/hosts?state=not_installed"
        />
        <Figure
          label={t("overview.running")}
          value={running.data?.count}
          to="/runs?status=running"
          color="blue"
        />
        <Figure
          label={t("overview.failed-today")}
          value={recent.data && failed.length}
          to="/runs?status=failed"
          color={failed.length > 0 ? "red" : undefined}
        />
      </SimpleGrid>
      <Attention failed={failed} isOffline={Boolean(offline)} />
      {running.data && running.data.count > 0 && (
        <>
          <Title order={2} size="h4">
            {t("overview.now")}
          </Title>
          <RunsTable runs={running.data.results} />
        </>
      )}
      {!recent.data ? <Loading /> : <Lately runs={recent.data.results} />}
    </Page>
  );
}

function Lately({ runs }: { runs: Run[] }) {
  const t = useText();
  if (runs.length === 0)
    return (
      <Empty title={t("runs.none")}>
        <Anchor component={Link} to="/launch">
          {t("runs.start")}
        </Anchor>
      </Empty>
    );
  return (
    <>
      <RecentRuns runs={runs} />
      <Title order={2} size="h4">
        {t("overview.latest")}
      </Title>
      <RunsTable runs={runs.slice(0, SHOWN)} />
    </>
  );
}

interface FigureProps {
  label: string;
  value: number | undefined;
  to: string;
  color?: string | undefined;
}

function Figure({ label, value, to, color }: FigureProps) {
  return (
    <Card withBorder component={Link} to={to} padding="sm">
      <Text size="sm" c="dimmed">
        {label}
      </Text>
      <Text
        fz={28}
        fw={700}
        className="tabular"
        c={color && `var(--mantine-color-${color}-light-color)`}
      >
        {value === undefined ? "–" : value.toLocaleString()}
      </Text>
    </Card>
  );
}

/** What somebody should look at: runs that failed, hosts that do not answer. */
function Attention({ failed, isOffline }: { failed: Run[]; isOffline: boolean }) {
  const { t, language } = useLanguage();
  const now = useNow();
  const offline = useQuery({
    queryKey: ["hosts", "attention"],
    queryFn: ({ signal }) =>
      getJson<PageOf<Host>>(`/hosts${query({ state: ["offline"], page_size: SHOWN })}`, signal),
    enabled: isOffline,
    refetchInterval: REFRESH_MS,
  });
  const hosts = isOffline ? (offline.data?.results ?? []) : [];
  if (failed.length + hosts.length === 0) return null;
  return (
    <Card withBorder>
      <Title order={2} size="h5" mb="xs">
        {t("overview.attention")}
      </Title>
      <Stack gap={6}>
        {failed.slice(0, SHOWN).map((run) => (
          <Group key={run.id} gap="sm" wrap="nowrap">
            <StatusBadge status={run.status} />
            <Anchor component={Link} to={`/runs/${run.id}`} size="sm" truncate>
              {run.id} · {run.name}
            </Anchor>
            <Text size="sm" c="dimmed" truncate>
              {run.reason}
            </Text>
          </Group>
        ))}
        {hosts.map((host) => (
          <Group key={host.name} gap="sm" wrap="nowrap">
            <StatusBadge status="offline" />
            <Anchor component={Link} to={`/hosts/${encodeURIComponent(host.name)}`} size="sm">
              {host.name}
            </Anchor>
            <Text size="sm" c="dimmed" truncate>
              {host.agent.last_seen_at && tellAgo(host.agent.last_seen_at, now, language)}
            </Text>
          </Group>
        ))}
      </Stack>
    </Card>
  );
}
