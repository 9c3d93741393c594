// SPDX-License-Identifier: GPL-3.0-or-later
// How did the last runs go? A bar for each: its height is how long it took, its colour how it ended.
import { Card, Group, Text, Title } from "@mantine/core";
import { Link } from "react-router";
import { END_STATES, type Run } from "../api/types";
import type { Key } from "../i18n/en";
import { useLanguage } from "../i18n/language";
import { STATE_COLORS } from "../shell/StatusBadge";
import { tellSeconds, tellTime } from "../shell/times";
import classes from "./RecentRuns.module.css";

const MIN_PERCENT = 6;

function measure(run: Run): number {
  if (!run.started_at || !run.finished_at) return 0;
  return (Date.parse(run.finished_at) - Date.parse(run.started_at)) / 1000;
}

export function RecentRuns({ runs }: { runs: Run[] }) {
  const { t, language } = useLanguage();
  const ended = runs.filter((run) => END_STATES.has(run.status)).toReversed();
  if (ended.length < 2) return null;
  // A single very long run must not flatten all others: the scale is that of roots.
  const longest = Math.sqrt(Math.max(...ended.map(measure), 1));
  const good = ended.filter((run) => run.status === "successful").length;
  const middle = ended.map(measure).sort((one, other) => one - other)[Math.floor(ended.length / 2)];
  return (
    <Card withBorder>
      <Group justify="space-between" mb="sm">
        <Title order={2} size="h5">
          {t("overview.lately", { count: ended.length })}
        </Title>
        <Text size="sm" className="tabular">
          {t("overview.rate", { percent: Math.round((good / ended.length) * 100) })} ·{" "}
          {t("overview.median", { time: tellSeconds(middle ?? 0) })}
        </Text>
      </Group>
      <ul className={classes.bars} aria-label={t("overview.lately", { count: ended.length })}>
        {ended.map((run) => {
          const words = `${run.id} ${run.name}: ${t(`state.${run.status}` as Key)}, ${tellSeconds(measure(run))}, ${tellTime(run.created_at, language)}`;
          return (
            <li key={run.id}>
              <Link
                to={`/runs/${run.id}`}
                title={words}
                aria-label={words}
                style={{
                  height: `${Math.max(MIN_PERCENT, (Math.sqrt(measure(run)) / longest) * 100)}%`,
                  background: `var(--mantine-color-${STATE_COLORS[run.status]}-filled)`,
                }}
              />
            </li>
          );
        })}
      </ul>
    </Card>
  );
}
