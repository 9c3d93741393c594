// SPDX-License-Identifier: GPL-3.0-or-later
// How did runs go over time? How they ended, how many were successful, how long they took; and a table.
import {
  Card,
  Group,
  ScrollArea,
  SegmentedControl,
  SimpleGrid,
  Stack,
  Table,
  Text,
  Title,
} from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { getJson, query } from "../api/client";
import type { History } from "../api/types";
import { useLanguage, useText } from "../i18n/language";
import { Loading, Problem } from "../shell/Page";
import { tellSeconds } from "../shell/times";
import classes from "./Charts.module.css";
import { addUp, beginSpan, drawDots, drawLine, SPANS, type Span, type Tally, tally } from "./spans";

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
        <SegmentedControl
          size="xs"
          aria-label={t("overview.span")}
          value={span}
          onChange={(chosen) => setSpan(chosen as Span)}
          data={(["day", "week", "month"] as const).map((each) => ({
            value: each,
            label: t(`overview.span-${each}`),
          }))}
        />
      </Group>
      {error && <Problem error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Loading />}
      {data && <Drawn history={data} span={span} />}
    </Stack>
  );
}

const LOCALES = { en: "en-GB", zh: "zh-CN" } as const;

/** How the beginning of a step is told: hours within a day, else the day. */
function useTellStep(span: Span): (at: string) => string {
  const { language } = useLanguage();
  const day = { day: "numeric", month: "short" } as const;
  const hour = { hour: "2-digit", minute: "2-digit" } as const;
  const format = span === "day" ? hour : span === "week" ? { ...day, ...hour } : day;
  return (at) => new Date(at).toLocaleString(LOCALES[language], format);
}

function Drawn({ history, span }: { history: History; span: Span }) {
  const t = useText();
  const tell = useTellStep(span);
  const tallies = history.steps.map(tally);
  const sum = addUp(history);
  const longest = Math.max(...tallies.map((each) => each.mean ?? 0));
  const rate = sum.rate === null ? NOTHING : `${Math.round(sum.rate)} %`;
  const most = sum.longest === null ? NOTHING : tellSeconds(sum.longest);
  return (
    <>
      <SimpleGrid cols={{ base: 1, md: 3 }}>
        <Chart
          title={t("overview.ended")}
          value={sum.ended.toLocaleString()}
          tallies={tallies}
          tell={tell}
        >
          <Bars tallies={tallies} tell={tell} />
        </Chart>
        <Chart title={t("overview.success")} value={rate} tallies={tallies} tell={tell}>
          <Line values={tallies.map((each) => each.rate)} top={100} />
        </Chart>
        <Chart
          title={t("overview.duration")}
          value={t("overview.longest", { time: most })}
          tallies={tallies}
          tell={tell}
        >
          <Line values={tallies.map((each) => each.mean)} top={longest} />
        </Chart>
      </SimpleGrid>
      <HistoryTable tallies={tallies} tell={tell} />
    </>
  );
}

interface ChartProps {
  title: string;
  value: string;
  tallies: Tally[];
  tell: (at: string) => string;
  children: React.ReactNode;
}

function Chart({ title, value, tallies, tell, children }: ChartProps) {
  const t = useText();
  const [first, last] = [tallies[0], tallies.at(-1)];
  return (
    <Card withBorder padding="sm">
      <Group justify="space-between" mb="xs" wrap="nowrap">
        <Title order={3} size="h6">
          {title}
        </Title>
        <Text size="sm" fw={600} className="tabular">
          {value}
        </Text>
      </Group>
      <div className={classes.plot} role="img" aria-label={t("overview.chart", { title, value })}>
        {children}
      </div>
      <div className={classes.ends} aria-hidden="true">
        <span>{first && tell(first.at)}</span>
        <span>{last && tell(last.at)}</span>
      </div>
    </Card>
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

function Line({ values, top }: { values: (number | null)[]; top: number }) {
  return (
    <svg
      className={classes.line}
      viewBox="0 0 100 100"
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <path d={drawLine(values, top)} />
      <path className={classes.dots} d={drawDots(values, top)} />
    </svg>
  );
}

/** The same in numbers, for whoever cannot see the charts or wants to know exactly. */
function HistoryTable({ tallies, tell }: { tallies: Tally[]; tell: (at: string) => string }) {
  const t = useText();
  const shown = tallies.filter((each) => each.good + each.bad + each.other > 0).toReversed();
  return (
    <details className={classes.table}>
      <summary>{t("overview.table")}</summary>
      <ScrollArea>
        <Table verticalSpacing={4} mt="xs" className="tabular">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t("overview.from")}</Table.Th>
              <Table.Th>{t("state.successful")}</Table.Th>
              <Table.Th>{t("state.failed")}</Table.Th>
              <Table.Th>{t("state.canceled")}</Table.Th>
              <Table.Th>{t("overview.success")}</Table.Th>
              <Table.Th>{t("overview.duration")}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {shown.map((each) => (
              <Table.Tr key={each.at}>
                <Table.Td>{tell(each.at)}</Table.Td>
                <Table.Td>{each.good}</Table.Td>
                <Table.Td>{each.bad}</Table.Td>
                <Table.Td>{each.other}</Table.Td>
                <Table.Td>{each.rate === null ? NOTHING : `${Math.round(each.rate)} %`}</Table.Td>
                <Table.Td>{each.mean === null ? NOTHING : tellSeconds(each.mean)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </ScrollArea>
    </details>
  );
}
