// SPDX-License-Identifier: GPL-3.0-or-later
// How is the fleet? What needs attention first, then what there is, what runs, and how it went.
import { Anchor, Card, SimpleGrid, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { getJson, query } from "../api/client";
import type { Overview, Page as PageOf, Run } from "../api/types";
import { useLanguage, useText } from "../i18n/language";
import { RunsTable } from "../runs/RunsPage";
import { useVisitor } from "../session/session";
import { LinkButton } from "../shell/LinkButton";
import { Empty, Loading, Page, Problem } from "../shell/Page";
import { tellAgo, tellBytes, useNow } from "../shell/times";
import { Attention } from "./Attention";
import { Charts } from "./Charts";

const REFRESH_MS = 5000;
const RECENT = 100;
const SHOWN = 6;

function useRuns(asked: { status?: string; page_size: number }) {
  return useQuery({
    queryKey: ["runs", asked],
    queryFn: ({ signal }) => getJson<PageOf<Run>>(`/runs${query(asked)}`, signal),
    refetchInterval: REFRESH_MS,
  });
}

export function OverviewPage() {
  const t = useText();
  const { may } = useVisitor();
  const overview = useQuery({
    queryKey: ["overview"],
    queryFn: ({ signal }) => getJson<Overview>("/overview", signal),
    refetchInterval: REFRESH_MS,
  });
  const recent = useRuns({ page_size: RECENT });
  const running = useRuns({ status: "running", page_size: SHOWN });
  const error = overview.error ?? recent.error;
  if (error && !overview.data)
    return <Problem error={error} onRetry={() => void overview.refetch()} />;
  const runs = recent.data?.results;
  return (
    <Page
      title={t("nav.overview")}
      actions={may("operator") && <LinkButton to="/launch">{t("runs.start")}</LinkButton>}
    >
      {!overview.data || !runs ? (
        <Loading />
      ) : (
        <>
          <Attention overview={overview.data} recent={runs} />
          <Figures overview={overview.data} />
          {running.data && running.data.count > 0 && (
            <>
              <Title order={2} size="h4">
                {t("overview.now")}
              </Title>
              <RunsTable runs={running.data.results} />
            </>
          )}
          {runs.length === 0 ? <NothingYet overview={overview.data} /> : <Lately runs={runs} />}
        </>
      )}
    </Page>
  );
}

function Lately({ runs }: { runs: Run[] }) {
  const t = useText();
  return (
    <>
      <Charts />
      <Title order={2} size="h4">
        {t("overview.latest")}
      </Title>
      <RunsTable runs={runs.slice(0, SHOWN)} />
    </>
  );
}

/** The first steps: a host, then a run. */
function NothingYet({ overview }: { overview: Overview }) {
  const t = useText();
  const { may } = useVisitor();
  const hasHosts = Object.values(overview.hosts).some((count) => count > 0);
  if (!hasHosts)
    return (
      <Empty title={t("hosts.none")}>
        {may("admin") && (
          <Anchor component={Link} to="/hosts?add=1">
            {t("hosts.add")}
          </Anchor>
        )}
      </Empty>
    );
  return (
    <Empty title={t("runs.none")}>
      {may("operator") && (
        <Anchor component={Link} to="/launch">
          {t("runs.start")}
        </Anchor>
      )}
    </Empty>
  );
}

function Figures({ overview }: { overview: Overview }) {
  const { t, language } = useLanguage();
  const now = useNow();
  const { hosts, runs, queue, ended_within_day: ended, log_behind_bytes: behind } = overview;
  const failed = (ended.failed ?? 0) + (ended.timed_out ?? 0) + (ended.lost ?? 0);
  const oldest = queue.oldest_at ? tellAgo(queue.oldest_at, now, language) : "";
  return (
    <SimpleGrid cols={{ base: 2, xs: 3, sm: 4, xl: 7 }} spacing="sm">
      <Figure
        label={t("overview.online")}
        value={hosts.online ?? 0}
        to="/hosts?state=online"
        color="green"
      />
      <Figure
        label={t("overview.offline")}
        value={hosts.offline ?? 0}
        to="/hosts?state=offline"
        color="red"
      />
      <Figure
        label={t("overview.without-agent")}
        value={hosts.not_installed ?? 0}
        to="/hosts?state=not_installed"
      />
      <Figure
        label={t("overview.running")}
        value={runs.running ?? 0}
        to="/runs?status=running"
        color="blue"
      />
      <Figure
        label={t("overview.failed-today")}
        value={failed}
        to="/runs?status=failed"
        color="red"
      />
      <Figure
        label={t("overview.queue")}
        value={queue.pending}
        to="/runs?status=pending"
        words={oldest}
      />
      {behind !== null && (
        <Figure label={t("overview.lag")} value={tellBytes(behind)} to="/runs?status=running" />
      )}
    </SimpleGrid>
  );
}

interface FigureProps {
  label: string;
  value: number | string;
  to: string;
  /** Of a number that is not zero. */
  color?: string;
  words?: string;
}

function Figure({ label, value, to, color, words }: FigureProps) {
  return (
    <Card withBorder component={Link} to={to} padding="sm">
      <Text size="sm" c="dimmed" truncate title={label}>
        {label}
      </Text>
      <Text
        fz={26}
        fw={700}
        lh={1.3}
        className="tabular"
        {...(color && value !== 0 ? { c: `var(--mantine-color-${color}-light-color)` } : {})}
      >
        {value.toLocaleString()}
      </Text>
      {words && (
        <Text size="xs" c="dimmed" truncate>
          {words}
        </Text>
      )}
    </Card>
  );
}
