// SPDX-License-Identifier: GPL-3.0-or-later
// What does a run do? Its way over the hosts, the log of one of them live, and every task's result.
import { Alert, Group, Paper, SimpleGrid, Tabs, Text } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useEffect, useMemo } from "react";
import { useParams } from "react-router";
import { END_STATES, type Execution, type Run } from "../api/types";
import type { Key } from "../i18n/en";
import { useLanguage, useText } from "../i18n/language";
import { LogPanel } from "../logs/LogPanel";
import { useListState } from "../shell/list-state";
import { Empty, Loading, Page, Problem } from "../shell/Page";
import { StatusBadge } from "../shell/StatusBadge";
import { tellDuration, tellTime, useNow } from "../shell/times";
import { ExecutionList } from "./ExecutionList";
import classes from "./Run.module.css";
import { RunActions } from "./RunActions";
import { RunProgress } from "./RunProgress";
import { useRunFeed } from "./run-feed";
import { sortByUrgency, tellRecap } from "./run-words";
import { TaskMatrix } from "./TaskMatrix";

export function RunPage() {
  const id = Number(useParams().id);
  const t = useText();
  const { run, executions, isConnected, error } = useRunFeed(id);
  useEffect(() => {
    if (run) document.title = `${id} ${t(`state.${run.status}`)} · MyX`;
  });
  if (error) return <Problem error={error} />;
  if (!run) return <Loading />;
  return (
    <Page title={`${run.id} · ${run.name}`} actions={<RunActions run={run} />}>
      {!isConnected && (
        <Alert color="yellow" role="status">
          {t("error.reconnecting")}
        </Alert>
      )}
      <RunFacts run={run} />
      <RunProgress run={run} executions={executions} />
      <RunViews run={run} executions={executions} />
    </Page>
  );
}

function RunFacts({ run }: { run: Run }) {
  const { t, language } = useLanguage();
  const now = useNow(run.finished_at === null);
  const words = [
    t(`kind.${run.kind}` as Key),
    run.reported_from && t("run.from", { place: run.reported_from }),
    run.job,
    run.limit && `${t("run.limit")} ${run.limit}`,
    run.labels.length > 0 && run.labels.join(", "),
    run.check && t("run.check"),
    run.diff && t("run.diff"),
    run.tags.length > 0 && `${t("run.tags")} ${run.tags.join(", ")}`,
    run.skip_tags.length > 0 && `${t("run.skip-tags")} ${run.skip_tags.join(", ")}`,
    `${t("run.by")} ${run.created_by}`,
    tellTime(run.created_at, language),
    tellDuration(run, now),
  ];
  const reason =
    run.pause_reason ?? run.wait_reason ?? (run.status === "successful" ? null : run.reason);
  return (
    <Group gap="sm">
      <StatusBadge
        status={run.status}
        {...(run.paused_at && run.finished_at === null ? { label: t("state.paused") } : {})}
      />
      <Text size="sm" c="dimmed" className="tabular">
        {words.filter(Boolean).join(" · ")}
      </Text>
      {reason && <Text size="sm">{reason}</Text>}
      {run.warnings.map((warning) => (
        <Alert key={warning} color="yellow" py={4} w="100%">
          {warning}
        </Alert>
      ))}
    </Group>
  );
}

function RunViews({ run, executions }: { run: Run; executions: Execution[] }) {
  const t = useText();
  const place = useListState();
  const sorted = useMemo(() => sortByUrgency(executions), [executions]);
  const isNarrow = useMediaQuery("(max-width: 62em)") ?? false;
  // Whoever has chosen no host sees the first that has begun, and stays with it.
  const chosen = place.get("host");
  const shown =
    executions.find((each) => each.host === chosen) ??
    sorted.find((each) => each.wave === 0) ??
    sorted.find((each) => each.started_at !== null) ??
    sorted[0];
  const { set } = place;
  const shownHost = shown?.host;
  const hasBegun = shown?.started_at != null;
  useEffect(() => {
    if (!chosen && shownHost && hasBegun) set({ host: shownHost });
  }, [chosen, shownHost, hasBegun, set]);
  if (!shown) return <Empty title={t("run.no-hosts")} />;
  const list = (
    <ExecutionList
      executions={sorted}
      selected={shown.id}
      onSelect={(execution) => set({ host: execution.host, at: null })}
    />
  );
  return (
    <Tabs
      value={place.get("view") || "output"}
      onChange={(view) => set({ view })}
      keepMounted={false}
    >
      <Tabs.List>
        <Tabs.Tab value="output">{t("run.output")}</Tabs.Tab>
        {run.kind !== "command" && run.kind !== "script" && (
          <Tabs.Tab value="tasks">{t("run.tasks")}</Tabs.Tab>
        )}
      </Tabs.List>
      <Tabs.Panel value="output" pt="sm">
        <div className={classes.output} data-single={executions.length === 1 || undefined}>
          {(executions.length > 1 || isNarrow) && executions.length > 1 && list}
          <div className={classes.log}>
            <ExecutionFacts execution={shown} />
            <LogPanel
              key={shown.id}
              execution={shown}
              isEnded={END_STATES.has(shown.status)}
              at={place.get("at") === "" ? null : Number(place.get("at"))}
              onPlace={(at) => set({ host: shown.host, at })}
            />
          </div>
        </div>
      </Tabs.Panel>
      <Tabs.Panel value="tasks" pt="sm">
        <TaskMatrix runId={run.id} executions={sorted.filter((each) => each.wave !== 0)} />
      </Tabs.Panel>
    </Tabs>
  );
}

function ExecutionFacts({ execution }: { execution: Execution }) {
  const now = useNow(execution.finished_at === null);
  const reason =
    execution.wait_reason ?? (execution.status === "successful" ? null : execution.reason);
  return (
    <Paper withBorder px="sm" py={6} className={classes.facts}>
      <SimpleGrid cols={1} spacing={2}>
        <Group gap="sm">
          <StatusBadge status={execution.status} />
          <Text fw={600} size="sm">
            {execution.host}
          </Text>
          <Text size="sm" c="dimmed" className="tabular">
            {[tellRecap(execution.recap), tellDuration(execution, now)].filter(Boolean).join(" · ")}
          </Text>
        </Group>
        {reason && <Text size="sm">{reason}</Text>}
      </SimpleGrid>
    </Paper>
  );
}
