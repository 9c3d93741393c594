// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from "vitest";
import type { LoadHistory } from "../api/types";
import { beginSpan, findHighest, findLastStep, isMerged, layOut, tellLevel } from "./loads";

const level = (mean: number, max = mean) => ({ mean, max });
const point = (at: string, load: number, max = load) => ({
  at,
  load_1m: level(load, max),
  memory_used_percent: level(61.4),
  disk_used_percent: level(20),
});
const history = (step_s: number, ...points: LoadHistory["points"]): LoadHistory => ({
  since: "2026-03-01T10:00:00Z",
  until: "2026-03-01T11:00:00Z",
  step_s,
  points,
});

test("each point has its step, and steps without one are empty", () => {
  const [first, last] = [point("2026-03-01T10:00:00Z", 1), point("2026-03-01T10:55:00Z", 2)];
  const steps = layOut(history(300, first, last));
  expect(steps).toHaveLength(12);
  expect([steps[0], steps[11]]).toEqual([first, last]);
  expect(steps.slice(1, 11).every((each) => each === null)).toBe(true);
  expect(layOut(history(3600))).toEqual([null]);
});

test("a span ends now, and its last step begins before that", () => {
  const now = Date.parse("2026-03-08T10:00:00Z");
  expect(beginSpan("week", now)).toBe("2026-03-01T10:00:00.000Z");
  expect(beginSpan("hour", now)).toBe("2026-03-08T09:00:00.000Z");
  expect(findLastStep(history(300))).toBe("2026-03-01T10:55:00.000Z");
});

test("the highest is that of the samples, not of the means", () => {
  const at = "2026-03-01T10:00:00Z";
  expect(findHighest([point(at, 1, 7), point(at, 2)], "load_1m")).toBe(7);
  expect(findHighest([], "load_1m")).toBe(0);
  expect([isMerged(history(300)), isMerged(history(1800))]).toEqual([false, true]);
});

test("load is a number, the rest a share", () => {
  expect(tellLevel("load_1m", 0.5)).toBe("0.50");
  expect(tellLevel("memory_used_percent", 61.4)).toBe("61 %");
});
