// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from "vitest";
import { TaskSteps } from "./task-steps";
import { TaskTotals } from "./task-totals";

type State = "running" | "ok" | "changed" | "failed" | "ignored" | "skipped" | "unreachable";

function make(...states: State[]): TaskSteps {
  const host = new TaskSteps();
  host.take(
    states.map((_, index) => ({ play: "p", name: `task ${index}`, path: `f:${index}` })),
    states.map((state, task) => ({ task, state, seconds: 1, first: task, counter: task })),
  );
  return host;
}

const keys = (host: TaskSteps) => host.steps.map(({ key }) => key);

test("each task has its own counts, and only states that occur have a line", () => {
  const first = make("changed", "ok", "failed");
  const totals = new TaskTotals([first, make("ok", "ok", "skipped"), make("ok", "ok")]);
  const [one, other, last] = keys(first) as [string, string, string];
  expect(totals.hosts).toBe(3);
  expect(totals.states).toEqual(["ok", "changed", "failed", "skipped"]);
  expect([totals.get(one, "ok"), totals.get(one, "changed")]).toEqual([2, 1]);
  expect([totals.get(other, "ok"), totals.get(other, "changed")]).toEqual([3, 0]);
  expect([totals.get(last, "failed"), totals.get(last, "skipped")]).toEqual([1, 1]);
  expect(totals.get("none", "ok")).toBe(0);
});

test("a task that comes twice on a host is two tasks, and one that ends is counted once", () => {
  const host = make("running");
  const told = { task: 0, seconds: null, first: 0 };
  const names = [{ play: "p", name: "task 0", path: "f:0" }];
  host.take(names, [
    { ...told, state: "ok", counter: 1 },
    { ...told, state: "failed", counter: 2 },
  ]);
  const totals = new TaskTotals([host]);
  expect(keys(host).map((key) => [totals.get(key, "ok"), totals.get(key, "failed")])).toEqual([
    [1, 0],
    [0, 1],
  ]);
  expect(totals.states).toEqual(["ok", "failed"]);
});

test("a thousand hosts of two hundred tasks are all counted", () => {
  const hosts = Array.from({ length: 1000 }, (_, number) =>
    make(
      ...Array.from({ length: 200 }, (_, task): State => ((number + task) % 4 ? "ok" : "failed")),
    ),
  );
  const totals = new TaskTotals(hosts);
  for (const key of keys(hosts[0] as TaskSteps))
    expect([totals.get(key, "ok"), totals.get(key, "failed")]).toEqual([750, 250]);
});
