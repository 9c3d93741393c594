// SPDX-License-Identifier: GPL-3.0-or-later
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { TaskFeed } from "./task-feed";

/** The executions that each request asked for. */
let asked: string[][] = [];
let isFinal = true;

beforeEach(() => {
  asked = [];
  isFinal = true;
  vi.useFakeTimers();
  vi.stubGlobal("sessionStorage", { getItem: () => null });
  vi.stubGlobal("fetch", async (address: string) => {
    const after = new URL(address, "http://localhost").searchParams.get("after") ?? "";
    const ids = after.split(",").map((part) => part.split(":")[0] as string);
    asked.push(ids);
    const executions = ids.map((execution_id) => ({
      execution_id,
      steps: [],
      last: 0,
      is_final: isFinal,
    }));
    return Response.json({ tasks: [], executions, has_more: false });
  });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const make = (count: number) => Array.from({ length: count }, (_, number) => `e${number}`);

test("those in sight come first, and each other one once, without a pause", async () => {
  const feed = new TaskFeed(1);
  feed.want(["e7", "e8"], make(120));
  await vi.advanceTimersByTimeAsync(0);
  expect(asked[0]).toEqual(["e7", "e8"]);
  expect(asked.flat().toSorted()).toEqual(make(120).toSorted());
  expect(feed.tasks("e119")).not.toBeNull();
  feed.close();
});

test("while a run goes on, all in sight have their turn, more than fit into a request too", async () => {
  isFinal = false;
  const feed = new TaskFeed(1);
  feed.want(make(80));
  await vi.advanceTimersByTimeAsync(0);
  expect(new Set(asked.flat()).size).toBe(80);
  const count = asked.length;
  await vi.advanceTimersByTimeAsync(1400);
  expect(asked).toHaveLength(count);
  await vi.advanceTimersByTimeAsync(6000);
  for (const id of make(80))
    expect(asked.flat().filter((each) => each === id).length).toBeGreaterThanOrEqual(3);
  feed.close();
});
