// SPDX-License-Identifier: GPL-3.0-or-later
// What is drawn of the load of a host over time? A value for each step, also where there is none.
import type { LoadHistory, LoadPoint } from "../api/types";

export type LoadSpan = "hour" | "day" | "week";

export const SPANS: readonly LoadSpan[] = ["hour", "day", "week"];

const SPANS_MS: Record<LoadSpan, number> = {
  hour: 3_600_000,
  day: 86_400_000,
  week: 604_800_000,
};
const SAMPLE_S = 300;

export const LEVELS = ["load_1m", "memory_used_percent", "disk_used_percent"] as const;
export type LevelName = (typeof LEVELS)[number];

/** Since when is asked for, so that it ends now. */
export function beginSpan(span: LoadSpan, now: number): string {
  return new Date(now - SPANS_MS[span]).toISOString();
}

/** All steps in order; null where the host was not heard of. */
export function layOut({ since, until, step_s, points }: LoadHistory): (LoadPoint | null)[] {
  const [start, step] = [Date.parse(since), step_s * 1000];
  const steps = new Array<LoadPoint | null>(Math.round((Date.parse(until) - start) / step));
  steps.fill(null);
  for (const point of points) steps[Math.round((Date.parse(point.at) - start) / step)] = point;
  return steps;
}

/** When the last step begins. */
export function findLastStep({ until, step_s }: LoadHistory): string {
  return new Date(Date.parse(until) - step_s * 1000).toISOString();
}

/** Whether a step is made of several samples, so that its highest is not its mean. */
export function isMerged({ step_s }: LoadHistory): boolean {
  return step_s > SAMPLE_S;
}

export function findHighest(points: readonly LoadPoint[], name: LevelName): number {
  return points.reduce((highest, point) => Math.max(highest, point[name].max), 0);
}

export function tellLevel(name: LevelName, value: number): string {
  return name === "load_1m" ? value.toFixed(2) : `${Math.round(value)} %`;
}
