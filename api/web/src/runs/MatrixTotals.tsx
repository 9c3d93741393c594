// SPDX-License-Identifier: GPL-3.0-or-later
// On how many hosts did each task end how? A line a state, below the hosts and always in sight.
import { Anchor } from "@mantine/core";
import type { Key } from "../i18n/en";
import { useText } from "../i18n/language";
import classes from "./Run.module.css";
import type { TaskColumn } from "./task-steps";
import type { TaskTotals } from "./task-totals";
import { SIGNS } from "./tasks";

interface MatrixTotalsProps {
  totals: TaskTotals;
  /** How many there are to count. */
  hosts: number;
  columns: readonly TaskColumn[];
  /** Which columns are in sight, and where. */
  places: readonly { index: number; start: number; size: number }[];
  labelPx: number;
  rowPx: number;
  /** Counts the hosts, too, that nobody has looked at; left out where that is done anyway. */
  onCountAll: (() => void) | undefined;
}

export function MatrixTotals(props: MatrixTotalsProps) {
  const { totals, hosts, columns, places, labelPx, rowPx, onCountAll } = props;
  const t = useText();
  return (
    <div className={classes.totals}>
      <div className={classes.total} style={{ height: rowPx }}>
        <div className={classes.label} style={{ width: "max-content" }}>
          {t("tasks.counted", { count: totals.hosts, all: hosts })}
          {onCountAll && totals.hosts < hosts && (
            <Anchor component="button" type="button" size="xs" ms="xs" onClick={onCountAll}>
              {t("tasks.count-all")}
            </Anchor>
          )}
        </div>
      </div>
      {totals.states.map((state) => (
        <div key={state} className={classes.total} style={{ height: rowPx }} data-state={state}>
          <div className={classes.label} style={{ width: labelPx }}>
            <span aria-hidden>{SIGNS[state]}</span> {t(`task.${state}` as Key)}
          </div>
          {places.map(({ index, start, size }) => {
            const column = columns[index];
            const count = column ? totals.get(column.key, state) : 0;
            if (column === undefined || count === 0) return null;
            const title = `${column.name}: ${t(`task.${state}` as Key)} ${count}`;
            return (
              <span key={column.key} style={{ left: start, width: size }} title={title}>
                {count}
              </span>
            );
          })}
        </div>
      ))}
    </div>
  );
}
