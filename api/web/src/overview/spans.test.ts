// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from "vitest";
import { addUp, beginSpan, SPANS, tally } from "./spans";

const step = (counts: Record<string, number>, mean: number | null = null) => ({
  at: "2026-03-01T00:00:00Z",
  counts,
  duration_mean_s: mean,
  duration_max_s: mean,
});

test("a span ends with the hour or the day that goes on", () => {
  const now = new Date(2026, 2, 10, 15, 42, 7);
  const ends = (span: "day" | "week" | "month") =>
    new Date(Date.parse(beginSpan(span, now)) + SPANS[span].step_s * SPANS[span].steps * 1000);
  expect(ends("day")).toEqual(new Date(2026, 2, 10, 16));
  expect(ends("week")).toEqual(new Date(2026, 2, 11));
  expect(ends("month")).toEqual(new Date(2026, 2, 11));
});

test("what was canceled counts neither for nor against", () => {
  expect(tally(step({ successful: 3, failed: 1, canceled: 9 })).rate).toBe(75);
  expect(tally(step({ canceled: 2 })).rate).toBeNull();
  expect(tally(step({ failed: 1, timed_out: 1, lost: 1 })).bad).toBe(3);
});

test("all steps add up by runs, not by steps", () => {
  const steps = [step({ successful: 98, failed: 1 }, 2), step({ failed: 1 }, 8), step({})];
  expect(addUp({ steps })).toEqual({ ended: 100, rate: 98, longest: 8 });
  expect(addUp({ steps: [step({})] })).toEqual({ ended: 0, rate: null, longest: null });
});
