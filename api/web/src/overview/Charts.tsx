// SPDX-License-Identifier: GPL-3.0-or-later
// How did runs go over time? How they ended, how many were successful, how long they took; and a table.
import { Group, SimpleGrid, Stack, Title } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { getJson, query } from "../api/client";
import type { History } from "../api/types";
import { Chart, ChartTable, Line, SpanChoice, tellStep } from "../charts/Chart";
import classes from "../charts/Chart.module.css";
import { useLanguage, useText } from "../i18n/language";
import { Loading, Problem } from "../shell/Page";
import { tellSeconds } from "../shell/times";
import { addUp, beginSpan, SPANS, type Span, type Tally, tally } from "./spans";

const REFRESH_MS = 60_000;
const NOTHING = "–";

export function Charts() {
  const t = useText();
  const [span, setSpan] = useState<Span>("week");
  const { data, error, refetch } = useQuery({
    queryKey: ["overview-history", span],
    queryFn: ({ signal }) => {
      const asked = { since: beginSpan(span, new Date()), ...SPANS[span] };
      return getJson<History>(`/overview/history${query(asked)}`, signal);
    },
    placeholderData: keepPreviousData,
    refetchInterval: REFRESH_MS,
  });
  return (
    <Stack gap="sm">
      <Group justify="space-between">
        <Title order={2} size="h4">
          {t("overview.history")}
        </Title>
        <SpanChoice spans={["day", "week", "month"]} chosen={span} onChoose={setSpan} />
      </Group>
      {error && <Problem error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Loading />}
      {data && <Drawn history={data} span={span} />}
    </Stack>
  );
}

function Drawn({ history, span }: { history: History; span: Span }) {
  const { t, language } = useLanguage();
  const tell = (at: string) => tellStep(at, span, language);
  const tallies = history.steps.map(tally);
  const sum = addUp(history);
  const longest = Math.max(...tallies.map((each) => each.mean ?? 0));
  const rate = sum.rate === null ? NOTHING : `${Math.round(sum.rate)} %`;
  const most = sum.longest === null ? NOTHING : tellSeconds(sum.longest);
  const [first, last] = [tallies[0], tallies.at(-1)];
  const ends = { first: first && tell(first.at), last: last && tell(last.at) };
  return (
    <>
      <SimpleGrid cols={{ base: 1, md: 3 }}>
        <Chart title={t("overview.ended")} value={sum.ended.toLocaleString()} {...ends}>
          <Bars tallies={tallies} tell={tell} />
        </Chart>
        <Chart title={t("overview.success")} value={rate} {...ends}>
          <Line values={tallies.map((each) => each.rate)} top={100} />
        </Chart>
        <Chart
          title={t("overview.duration")}
          value={t("overview.longest", { time: most })}
          {...ends}
        >
          <Line values={tallies.map((each) => each.mean)} top={longest} />
        </Chart>
      </SimpleGrid>
      <HistoryTable tallies={tallies} tell={tell} />
    </>
  );
}

const PARTS = [
  { name: "good", color: "green" },
  { name: "other", color: "orange" },
  { name: "bad", color: "red" },
] as const;

function Bars({ tallies, tell }: { tallies: Tally[]; tell: (at: string) => string }) {
  const t = useText();
  const top = Math.max(1, ...tallies.map((each) => each.good + each.bad + each.other));
  return (
    <div className={classes.bars}>
      {tallies.map((each) => (
        <div
          key={each.at}
          className={classes.bar}
          title={`${tell(each.at)}: ${t("overview.step", { good: each.good, bad: each.bad })}`}
        >
          {PARTS.filter(({ name }) => each[name] > 0).map(({ name, color }) => (
            <div
              key={name}
              className={classes.part}
              style={{
                height: `${(each[name] / top) * 100}%`,
                background: `var(--mantine-color-${color}-filled)`,
              }}
            />
          ))}
        </div>
      ))}
    </div>
  );
}

function HistoryTable({ tallies, tell }: { tallies: Tally[]; tell: (at: string) => string }) {
  const t = useText();
  const shown = tallies.filter((each) => each.good + each.bad + each.other > 0).toReversed();
  return (
    <ChartTable
      columns={[
        t("chart.from"),
        t("state.successful"),
        t("state.failed"),
        t("state.canceled"),
        t("overview.success"),
        t("overview.duration"),
      ]}
      rows={shown.map(({ at, good, bad, other, rate, mean }) => ({
        at,
        cells: [
          tell(at),
          good,
          bad,
          other,
          rate === null ? NOTHING : `${Math.round(rate)} %`,
          mean === null ? NOTHING : tellSeconds(mean),
        ],
      }))}
    />
  );
}
