// SPDX-License-Identifier: GPL-3.0-or-later
// Which task stands how on which host? A matrix where there are many hosts, a list where there is one.
import { Group, Text } from "@mantine/core";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef, useState } from "react";
import type { Execution } from "../api/types";
import type { Key } from "../i18n/en";
import { useText } from "../i18n/language";
import { Empty, Loading } from "../shell/Page";
import classes from "./Run.module.css";
import { TaskDrawer } from "./TaskDrawer";
import { TaskList } from "./TaskList";
import { type TaskFeed, useTaskFeed } from "./task-feed";
import { mergeColumns, type TaskColumn, type TaskResult, type TaskState } from "./tasks";

const ROW_PX = 28;
const COLUMN_PX = 26;
const HOST_PX = 170;
const HEAD_PX = 150;

export const SIGNS: Record<TaskState, string> = {
  ok: "✓",
  changed: "±",
  failed: "✕",
  ignored: "!",
  skipped: "–",
  unreachable: "∅",
  running: "…",
};

export interface Chosen {
  host: string;
  task: TaskResult;
}

export function TaskMatrix({ executions }: { executions: Execution[] }) {
  const t = useText();
  const { feed, version } = useTaskFeed();
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
      <Legend />
      {only ? (
        <SingleHost execution={only} feed={feed} onChoose={setChosen} />
      ) : (
        <Matrix executions={ordered} feed={feed} version={version} onChoose={setChosen} />
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
  if (tasks.length === 0) return <Empty title={t("tasks.none")} />;
  return <TaskList tasks={tasks} onChoose={(task) => onChoose({ host: execution.host, task })} />;
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

interface MatrixProps {
  executions: Execution[];
  feed: TaskFeed;
  version: number;
  onChoose: (chosen: Chosen) => void;
}

function Matrix({ executions, feed, version, onChoose }: MatrixProps) {
  const t = useText();
  const box = useRef<HTMLDivElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the version says when the feed changed
  const columns = useMemo(
    () => mergeColumns(executions.map((each) => feed.tasks(each.id) ?? [])),
    [executions, feed, version],
  );
  const rows = useVirtualizer({
    count: executions.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_PX,
    overscan: 4,
    paddingStart: HEAD_PX,
  });
  const cells = useVirtualizer({
    horizontal: true,
    count: columns.length,
    getScrollElement: () => box.current,
    estimateSize: () => COLUMN_PX,
    overscan: 6,
    paddingStart: HOST_PX,
    paddingEnd: 120,
  });
  const inSight = rows.getVirtualItems().flatMap((row) => executions[row.index]?.id ?? []);
  const seen = inSight.join();
  useEffect(() => feed.want(seen.split(",").filter(Boolean)), [feed, seen]);
  const shown = cells.getVirtualItems();
  return (
    <section ref={box} className={classes.matrix} aria-label={t("run.tasks")}>
      <div
        className={classes.canvas}
        style={{ width: cells.getTotalSize(), height: rows.getTotalSize(), minWidth: "100%" }}
      >
        <div className={classes.head} style={{ height: HEAD_PX }}>
          {shown.map((cell) => (
            <span
              key={cell.key}
              className={classes.task}
              style={{ left: cell.start + 14 }}
              title={`${columns[cell.index]?.play}: ${columns[cell.index]?.name}`}
            >
              {columns[cell.index]?.name}
            </span>
          ))}
        </div>
        {rows.getVirtualItems().map((row) => {
          const execution = executions[row.index];
          if (execution === undefined) return null;
          return (
            <MatrixRow
              key={execution.id}
              top={row.start}
              execution={execution}
              tasks={feed.tasks(execution.id)}
              columns={columns}
              shown={shown}
              onChoose={onChoose}
            />
          );
        })}
      </div>
    </section>
  );
}

interface MatrixRowProps {
  top: number;
  execution: Execution;
  tasks: readonly TaskResult[] | null;
  columns: TaskColumn[];
  shown: { index: number; start: number; key: React.Key | bigint }[];
  onChoose: (chosen: Chosen) => void;
}

function MatrixRow({ top, execution, tasks, columns, shown, onChoose }: MatrixRowProps) {
  const t = useText();
  const byKey = new Map(tasks?.map((task) => [task.key, task]));
  return (
    <div className={classes.line} style={{ top, height: ROW_PX, width: "100%" }}>
      <div
        className={classes.host}
        style={{ width: HOST_PX, height: ROW_PX }}
        title={execution.host}
      >
        {execution.host}
      </div>
      {shown.map((cell) => {
        const task = byKey.get(columns[cell.index]?.key ?? "");
        if (task === undefined) return null;
        return (
          <button
            key={String(cell.key)}
            type="button"
            className={classes.cell}
            data-state={task.state}
            style={{ left: cell.start, top: 3 }}
            aria-label={`${execution.host}, ${task.name}: ${t(`task.${task.state}` as Key)}`}
            title={`${task.name}: ${t(`task.${task.state}` as Key)}`}
            onClick={() => onChoose({ host: execution.host, task })}
          >
            {SIGNS[task.state]}
          </button>
        );
      })}
    </div>
  );
}
