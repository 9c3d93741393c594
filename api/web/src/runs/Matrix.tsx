// SPDX-License-Identifier: GPL-3.0-or-later
// How are a thousand hosts and hundreds of tasks drawn? Only the cells in sight are.
import { useVirtualizer } from "@tanstack/react-virtual";
import { memo, useEffect, useMemo, useRef, useState } from "react";
import type { Execution } from "../api/types";
import type { Key } from "../i18n/en";
import { useText } from "../i18n/language";
import { tellSeconds } from "../shell/times";
import { MatrixTotals } from "./MatrixTotals";
import classes from "./Run.module.css";
import type { TaskFeed } from "./task-feed";
import type { Chosen } from "./task-result";
import type { TaskColumn, TaskSteps } from "./task-steps";
import { TaskTotals } from "./task-totals";
import { SIGNS } from "./tasks";

const ROW_PX = 28;
const COLUMN_PX = 26;
const HOST_PX = 190;
const HEAD_PX = 150;
const TOTAL_PX = 20;
/** So many hosts are read for the totals of their tasks without being asked; more are on demand. */
const COUNTED_UNASKED = 100;

interface MatrixProps {
  executions: Execution[];
  feed: TaskFeed;
  /** Says when the feed changed. */
  version: number;
  onChoose: (chosen: Chosen) => void;
}

export function Matrix({ executions, feed, version, onChoose }: MatrixProps) {
  const t = useText();
  const box = useRef<HTMLDivElement>(null);
  const columns = feed.columns.all;
  const [isCountingAll, setCountingAll] = useState(false);
  const isCounted = isCountingAll || executions.length <= COUNTED_UNASKED;
  const others = useMemo(
    () => (isCounted ? executions.map(({ id }) => id) : []),
    [executions, isCounted],
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: the version says that the feed changed
  const totals = useMemo(
    () => new TaskTotals(executions.flatMap(({ id }) => feed.tasks(id) ?? [])),
    [executions, feed, version],
  );
  const rows = useVirtualizer({
    count: executions.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_PX,
    overscan: 4,
    paddingStart: HEAD_PX,
    paddingEnd: (totals.states.length + 1) * TOTAL_PX,
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
  useEffect(() => feed.want(seen.split(",").filter(Boolean), others), [feed, seen, others]);
  const shown = cells.getVirtualItems();
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section ref={box} className={classes.matrix} aria-label={t("run.tasks")} tabIndex={0}>
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
              version={version}
              columns={columns}
              first={shown[0]?.index ?? 0}
              last={shown.at(-1)?.index ?? -1}
              onChoose={onChoose}
            />
          );
        })}
        <MatrixTotals
          totals={totals}
          hosts={executions.length}
          columns={columns}
          places={shown}
          labelPx={HOST_PX}
          rowPx={TOTAL_PX}
          onCountAll={isCounted ? undefined : () => setCountingAll(true)}
        />
      </div>
    </section>
  );
}

interface MatrixRowProps {
  top: number;
  execution: Execution;
  tasks: TaskSteps | null;
  /** Says when `tasks` or `columns` changed. */
  version: number;
  columns: readonly TaskColumn[];
  /** Which columns are in sight. */
  first: number;
  last: number;
  onChoose: (chosen: Chosen) => void;
}

const MatrixRow = memo(function MatrixRow(props: MatrixRowProps) {
  const { top, execution, tasks, columns, first, last, onChoose } = props;
  const t = useText();
  const { id: executionId, host, status } = execution;
  return (
    <div className={classes.line} style={{ top, height: ROW_PX, width: "100%" }}>
      <div
        className={classes.host}
        style={{ width: HOST_PX, height: ROW_PX }}
        title={`${host}: ${t(`state.${status}` as Key)}`}
      >
        <span className={classes.dot} data-state={status} />
        <span className={classes.name}>{host}</span>
      </div>
      {columns.slice(first, last + 1).map((column, index) => {
        const task = tasks?.get(column.key);
        if (task === undefined) return null;
        const state = t(`task.${task.state}` as Key);
        const time = task.seconds === null ? "" : ` · ${tellSeconds(task.seconds)}`;
        return (
          <button
            key={column.key}
            type="button"
            className={classes.cell}
            data-state={task.state}
            style={{ left: HOST_PX + (first + index) * COLUMN_PX, top: 3 }}
            aria-label={`${host}, ${task.name}: ${state}`}
            title={`${task.name}: ${state}${time}`}
            onClick={() => onChoose({ executionId, host, task })}
          >
            {SIGNS[task.state]}
          </button>
        );
      })}
    </div>
  );
});
