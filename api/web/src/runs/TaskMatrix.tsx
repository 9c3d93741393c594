// SPDX-License-Identifier: GPL-3.0-or-later
// Which task stands how on which host? A matrix where there are many hosts, a list where there is one.
import { Group, SegmentedControl, Text, TextInput } from "@mantine/core";
import { useEffect, useMemo, useState } from "react";
import type { Execution } from "../api/types";
import type { Key } from "../i18n/en";
import { useText } from "../i18n/language";
import { Empty, Loading } from "../shell/Page";
import { Matrix } from "./Matrix";
import classes from "./Run.module.css";
import { TaskDrawer } from "./TaskDrawer";
import { TaskList } from "./TaskList";
import { type TaskFeed, useTaskFeed } from "./task-feed";
import type { Chosen } from "./task-result";
import { SIGNS, type TaskState } from "./tasks";

interface TaskMatrixProps {
  runId: number;
  executions: Execution[];
}

export function TaskMatrix({ runId, executions }: TaskMatrixProps) {
  const t = useText();
  const { feed, version } = useTaskFeed(runId);
  const [chosen, setChosen] = useState<Chosen | null>(null);
  const ordered = useMemo(
    () => executions.toSorted((one, other) => one.host.localeCompare(other.host)),
    [executions],
  );
  const only = ordered.length === 1 ? ordered[0] : undefined;
  const onlyId = only?.id;
  useEffect(() => {
    if (onlyId) feed.want([onlyId]);
  }, [feed, onlyId]);
  const areGone = ordered.every((execution) => execution.events_removed_at);
  if (areGone) return <Empty title={t("tasks.removed")} />;
  return (
    <>
      {only ? (
        <>
          <Legend />
          <SingleHost execution={only} feed={feed} onChoose={setChosen} />
        </>
      ) : (
        <ManyHosts executions={ordered} feed={feed} version={version} onChoose={setChosen} />
      )}
      <TaskDrawer chosen={chosen} onClose={() => setChosen(null)} />
    </>
  );
}

interface SingleHostProps {
  execution: Execution;
  feed: TaskFeed;
  onChoose: (chosen: Chosen) => void;
}

function SingleHost({ execution, feed, onChoose }: SingleHostProps) {
  const t = useText();
  const tasks = feed.tasks(execution.id);
  if (tasks === null) return <Loading />;
  if (tasks.steps.length === 0) return <Empty title={t("tasks.none")} />;
  const { id: executionId, host } = execution;
  return (
    <TaskList tasks={tasks.steps} onChoose={(task) => onChoose({ executionId, host, task })} />
  );
}

const FILTERS = {
  all: () => true,
  failed: ({ status }: Execution) => ["failed", "lost", "timed_out"].includes(status),
  changed: ({ recap }: Execution) => (recap?.changed ?? 0) > 0,
} as const;

interface ManyHostsProps {
  executions: Execution[];
  feed: TaskFeed;
  version: number;
  onChoose: (chosen: Chosen) => void;
}

function ManyHosts({ executions, ...rest }: ManyHostsProps) {
  const t = useText();
  const [filter, setFilter] = useState<keyof typeof FILTERS>("all");
  const [search, setSearch] = useState("");
  const shown = useMemo(
    () => executions.filter((each) => FILTERS[filter](each) && each.host.includes(search.trim())),
    [executions, filter, search],
  );
  return (
    <>
      <Group gap="sm" mb="xs">
        <SegmentedControl
          size="xs"
          value={filter}
          onChange={(value) => setFilter(value as keyof typeof FILTERS)}
          aria-label={t("tasks.filter")}
          data={(Object.keys(FILTERS) as (keyof typeof FILTERS)[]).map((name) => ({
            value: name,
            label: `${t(`tasks.filter-${name}`)} ${executions.filter(FILTERS[name]).length}`,
          }))}
        />
        <TextInput
          size="xs"
          type="search"
          aria-label={t("run.find-host")}
          placeholder={t("run.find-host")}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
      </Group>
      <Legend />
      {shown.length === 0 ? (
        <Empty title={t("tasks.no-host")} />
      ) : (
        <Matrix executions={shown} {...rest} />
      )}
    </>
  );
}

function Legend() {
  const t = useText();
  return (
    <Group gap="md" mb="xs">
      {(Object.keys(SIGNS) as TaskState[]).map((state) => (
        <Group key={state} gap={6}>
          <span
            className={classes.cell}
            style={{ position: "static" }}
            data-state={state}
            aria-hidden
          >
            {SIGNS[state]}
          </span>
          <Text size="xs">{t(`task.${state}` as Key)}</Text>
        </Group>
      ))}
    </Group>
  );
}
