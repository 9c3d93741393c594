// SPDX-License-Identifier: GPL-3.0-or-later
// How busy was a host? Load, memory and disk over an hour, a day or a week; and a table.
import { Group, SimpleGrid, Stack, Title } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { getJson, query } from "../api/client";
import type { Host, LoadHistory } from "../api/types";
import { Chart, ChartTable, Line, SpanChoice, tellStep } from "../charts/Chart";
import { useLanguage, useText } from "../i18n/language";
import { Empty, Loading, Problem } from "../shell/Page";
import {
  beginSpan,
  findHighest,
  findLastStep,
  isMerged,
  LEVELS,
  type LevelName,
  type LoadSpan,
  layOut,
  SPANS,
  tellLevel,
} from "./loads";

const REFRESH_MS = 60_000;
const LABELS = {
  load_1m: "host.cpu",
  memory_used_percent: "host.memory",
  disk_used_percent: "host.disk",
} as const;

export function HostLoads({ host }: { host: Host }) {
  const t = useText();
  const [span, setSpan] = useState<LoadSpan>("day");
  const path = `/hosts/${encodeURIComponent(host.name)}/load`;
  const { data, error, refetch } = useQuery({
    queryKey: ["host-loads", host.name, span],
    queryFn: ({ signal }) =>
      getJson<LoadHistory>(`${path}${query({ since: beginSpan(span, Date.now()) })}`, signal),
    placeholderData: keepPreviousData,
    refetchInterval: REFRESH_MS,
  });
  return (
    <Stack gap="sm">
      <Group justify="space-between">
        <Title order={2} size="h4">
          {t("host.loads")}
        </Title>
        <SpanChoice spans={SPANS} chosen={span} onChoose={setSpan} />
      </Group>
      {error && <Problem error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Loading />}
      {data?.points.length === 0 && (
        <Empty title={t("host.no-loads")}>{t("host.no-loads-help")}</Empty>
      )}
      {data && data.points.length > 0 && (
        <Drawn history={data} span={span} cpus={host.agent.load?.cpu_count ?? 1} />
      )}
    </Stack>
  );
}

interface DrawnProps {
  history: LoadHistory;
  span: LoadSpan;
  cpus: number;
}

function Drawn({ history, span, cpus }: DrawnProps) {
  const { t, language } = useLanguage();
  const tell = (at: string) => tellStep(at, span, language);
  const steps = layOut(history);
  const ends = { first: tell(history.since), last: tell(findLastStep(history)) };
  return (
    <>
      <SimpleGrid cols={{ base: 1, md: 3 }}>
        {LEVELS.map((name) => {
          const highest = findHighest(history.points, name);
          const value = t("chart.highest", { value: tellLevel(name, highest) });
          return (
            <Chart key={name} title={t(LABELS[name])} value={value} {...ends}>
              <Line
                values={steps.map((step) => step?.[name].mean ?? null)}
                top={name === "load_1m" ? Math.max(cpus, highest) : 100}
              />
            </Chart>
          );
        })}
      </SimpleGrid>
      <LoadTable history={history} tell={tell} />
    </>
  );
}

function LoadTable({ history, tell }: { history: LoadHistory; tell: (at: string) => string }) {
  const t = useText();
  const hasHighest = isMerged(history);
  const label = (name: LevelName) => {
    const value = t(LABELS[name]);
    return hasHighest ? [value, `${value}, ${t("chart.highest", { value: "" }).trim()}`] : [value];
  };
  return (
    <ChartTable
      columns={[t("chart.from"), ...LEVELS.flatMap(label)]}
      rows={history.points.toReversed().map((point) => ({
        at: point.at,
        cells: [
          tell(point.at),
          ...LEVELS.flatMap((name) => {
            const { mean, max } = point[name];
            return (hasHighest ? [mean, max] : [mean]).map((value) => tellLevel(name, value));
          }),
        ],
      }))}
    />
  );
}
