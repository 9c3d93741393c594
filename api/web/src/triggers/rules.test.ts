// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from "vitest";
import { readGiven, readRule, writeGiven, writeRule } from "./rules";

const rule = (place: string, condition: "equals" | "matches" | "exists", value: string) =>
  readRule({ key: "1", place, condition, value });

test("a place that begins with a slash lies in the body, any other is a header", () => {
  expect(rule(" /ref ", "equals", "main")).toEqual({ pointer: "/ref", equals: "main" });
  expect(rule("X-GitHub-Event", "equals", "push")).toEqual({
    header: "X-GitHub-Event",
    equals: "push",
  });
});

test("a value of the body is compared with its type, a header and a pattern as text", () => {
  expect(rule("/n", "equals", "12")).toEqual({ pointer: "/n", equals: 12 });
  expect(rule("/is", "equals", "true")).toEqual({ pointer: "/is", equals: true });
  expect(rule("X-N", "equals", "12")).toEqual({ header: "X-N", equals: "12" });
  expect(rule("/n", "matches", "12")).toEqual({ pointer: "/n", matches: "12" });
  expect(rule("/n", "exists", "false")).toEqual({ pointer: "/n", exists: false });
});

test("what the API answered is sent back as it was", () => {
  const none = { pointer: null, header: null, equals: null, matches: null, exists: null };
  for (const matcher of [
    { pointer: "/ref", equals: "refs/heads/main" },
    { pointer: "/n", equals: 0 },
    { pointer: "/is", equals: false },
    { header: "X-Event", matches: "^push$" },
    { pointer: "/deleted", exists: false },
  ])
    expect(readRule(writeRule({ ...none, ...matcher }))).toEqual(matcher);
  const mapped = { name: "v", pointer: "/id", type: "number", required: true, default: 3 } as const;
  expect(readGiven(writeGiven(mapped))).toEqual(mapped);
});
