// SPDX-License-Identifier: GPL-3.0-or-later
// Into which steps is the time cut that a chart shows? Whole hours and days of the viewer's clock.
import type { History, HistoryStep } from "../api/types";

export type Span = "day" | "week" | "month";

const HOUR_S = 3600;

export const SPANS: Record<Span, { step_s: number; steps: number }> = {
  day: { step_s: HOUR_S, steps: 24 },
  week: { step_s: 6 * HOUR_S, steps: 28 },
  month: { step_s: 24 * HOUR_S, steps: 30 },
};

/** When the first step begins, so that the last one ends with this hour, or this day. */
export function beginSpan(span: Span, now: Date): string {
  const { step_s, steps } = SPANS[span];
  const end = new Date(now);
  end.setMinutes(0, 0, 0);
  if (span === "day") end.setHours(end.getHours() + 1);
  else {
    end.setHours(0);
    end.setDate(end.getDate() + 1);
  }
  return new Date(end.getTime() - step_s * steps * 1000).toISOString();
}

export interface Tally {
  at: string;
  good: number;
  bad: number;
  other: number;
  /** How many of 100 that ended by themselves were successful; null where none did. */
  rate: number | null;
  mean: number | null;
  longest: number | null;
}

/** Say of a step what is drawn; what was canceled is neither good nor bad. */
export function tally({ at, counts, duration_mean_s, duration_max_s }: HistoryStep): Tally {
  const good = counts.successful ?? 0;
  const bad = (counts.failed ?? 0) + (counts.timed_out ?? 0) + (counts.lost ?? 0);
  const rate = good + bad > 0 ? (good / (good + bad)) * 100 : null;
  const other = counts.canceled ?? 0;
  return { at, good, bad, other, rate, mean: duration_mean_s, longest: duration_max_s };
}

export interface Sum {
  ended: number;
  rate: number | null;
  longest: number | null;
}

/** Add all steps up. */
export function addUp({ steps }: History): Sum {
  const tallies = steps.map(tally);
  const good = tallies.reduce((sum, each) => sum + each.good, 0);
  const bad = tallies.reduce((sum, each) => sum + each.bad, 0);
  const other = tallies.reduce((sum, each) => sum + each.other, 0);
  const longest = tallies.flatMap((each) => (each.longest === null ? [] : [each.longest]));
  return {
    ended: good + bad + other,
    rate: good + bad > 0 ? (good / (good + bad)) * 100 : null,
    longest: longest.length > 0 ? Math.max(...longest) : null,
  };
}
