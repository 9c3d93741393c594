// SPDX-License-Identifier: GPL-3.0-or-later
// On which hosts does a run go on? A list of any length, what needs attention first.
import { TextInput } from "@mantine/core";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef, useState } from "react";
import type { Execution } from "../api/types";
import { useText } from "../i18n/language";
import { StatusBadge } from "../shell/StatusBadge";
import classes from "./Run.module.css";

const ROW_PX = 36;
const SEARCH_FROM = 8;

interface ExecutionListProps {
  executions: Execution[];
  selected: string;
  onSelect: (execution: Execution) => void;
}

export function ExecutionList({ executions, selected, onSelect }: ExecutionListProps) {
  const t = useText();
  const box = useRef<HTMLDivElement>(null);
  const [search, setSearch] = useState("");
  const found = useMemo(
    () => executions.filter((execution) => execution.host.includes(search.trim())),
    [executions, search],
  );
  const rows = useVirtualizer({
    count: found.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_PX,
    overscan: 10,
  });
  return (
    <nav className={classes.list} aria-label={t("run.hosts")}>
      {executions.length >= SEARCH_FROM && (
        <TextInput
          size="xs"
          p={6}
          type="search"
          aria-label={t("run.find-host")}
          placeholder={t("run.find-host")}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
      )}
      <div ref={box} className={classes.rows}>
        <div style={{ height: rows.getTotalSize(), position: "relative" }}>
          {rows.getVirtualItems().map((row) => {
            const execution = found[row.index];
            if (execution === undefined) return null;
            return (
              <button
                key={execution.id}
                type="button"
                className={classes.row}
                style={{ top: row.start }}
                aria-current={execution.id === selected}
                onClick={() => onSelect(execution)}
              >
                <span className={classes.name}>{execution.host}</span>
                <StatusBadge status={execution.status} />
              </button>
            );
          })}
        </div>
      </div>
    </nav>
  );
}
