// SPDX-License-Identifier: GPL-3.0-or-later
// What has every chart? A title, the figure that it comes to, the time at both ends, and a table.
import { Card, Group, ScrollArea, SegmentedControl, Table, Text, Title } from "@mantine/core";
import { type Language, useText } from "../i18n/language";
import classes from "./Chart.module.css";
import { drawDots, drawLine } from "./lines";

export type Span = "hour" | "day" | "week" | "month";

const LOCALES = { en: "en-GB", zh: "zh-CN" } as const;
const DOTTED = 60;
/** With more values than this the dots would run into each other. */

/** Say when a step begins: the hour within a day, else the day. */
export function tellStep(at: string, span: Span, language: Language): string {
  const day = { day: "numeric", month: "short" } as const;
  const hour = { hour: "2-digit", minute: "2-digit" } as const;
  const formats = { hour, day: hour, week: { ...day, ...hour }, month: day };
  return new Date(at).toLocaleString(LOCALES[language], formats[span]);
}

interface SpanChoiceProps<Choice extends Span> {
  spans: readonly Choice[];
  chosen: Choice;
  onChoose: (span: Choice) => void;
}

export function SpanChoice<Choice extends Span>(props: SpanChoiceProps<Choice>) {
  const t = useText();
  return (
    <SegmentedControl
      size="xs"
      aria-label={t("chart.span")}
      value={props.chosen}
      onChange={(span) => props.onChoose(span as Choice)}
      data={props.spans.map((span) => ({ value: span, label: t(`chart.span-${span}`) }))}
    />
  );
}

interface ChartProps {
  title: string;
  value: string;
  first: string | undefined;
  last: string | undefined;
  children: React.ReactNode;
}

export function Chart({ title, value, first, last, children }: ChartProps) {
  const t = useText();
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
      <div className={classes.plot} role="img" aria-label={t("chart.about", { title, value })}>
        {children}
      </div>
      <div className={classes.ends} aria-hidden="true">
        <span>{first}</span>
        <span>{last}</span>
      </div>
    </Card>
  );
}

export function Line({ values, top }: { values: (number | null)[]; top: number }) {
  return (
    <svg
      className={classes.line}
      viewBox="0 0 100 100"
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <path d={drawLine(values, top)} />
      {values.length <= DOTTED && <path className={classes.dots} d={drawDots(values, top)} />}
    </svg>
  );
}

interface ChartTableProps {
  columns: string[];
  /** The cells of each row; the first one is when it begins. */
  rows: { at: string; cells: (string | number)[] }[];
}

/** The same in numbers, for whoever cannot see the charts or wants to know exactly. */
export function ChartTable({ columns, rows }: ChartTableProps) {
  const t = useText();
  return (
    <details className={classes.table}>
      <summary>{t("chart.table")}</summary>
      <ScrollArea.Autosize mah={400} viewportProps={{ tabIndex: 0 }}>
        <Table verticalSpacing={4} mt="xs" className="tabular">
          <Table.Thead>
            <Table.Tr>
              {columns.map((column) => (
                <Table.Th key={column}>{column}</Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rows.map(({ at, cells }) => (
              <Table.Tr key={at}>
                {cells.map((cell, index) => (
                  <Table.Td key={columns[index]}>{cell}</Table.Td>
                ))}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </ScrollArea.Autosize>
    </details>
  );
}
