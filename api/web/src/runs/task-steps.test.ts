// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, test } from "vitest";
import { TaskColumns, TaskSteps } from "./task-steps";

const names = (...all: string[]) => all.map((name) => ({ play: "p", name, path: `f:${name}` }));

function step(task: number, state: "running" | "ok" | "failed", counter: number) {
  return { task, state, seconds: null, first: counter, counter };
}

function make(...all: string[]): TaskSteps {
  const tasks = new TaskSteps();
  tasks.take(
    names(...all),
    all.map((_, index) => step(index, "ok", index + 1)),
  );
  return tasks;
}

describe("the tasks of a host", () => {
  test("the end of a task that was running takes its place, in a later answer too", () => {
    const tasks = new TaskSteps();
    tasks.take(names("a", "b"), [step(0, "ok", 2), step(1, "running", 3)]);
    tasks.take(names("b", "c"), [step(0, "failed", 4), step(1, "running", 5)]);
    expect(tasks.steps.map(({ name, state }) => [name, state])).toEqual([
      ["a", "ok"],
      ["b", "failed"],
      ["c", "running"],
    ]);
    expect(tasks.steps[1]).toMatchObject({ first: 3, counter: 4 });
  });

  test("a task that comes twice is there twice", () => {
    const tasks = make("a", "b");
    tasks.take(names("a"), [step(0, "running", 9), step(0, "ok", 10), step(0, "running", 11)]);
    expect(new Set(tasks.steps.map(({ key }) => key)).size).toBe(4);
  });

  test("it is the same one wherever a host keeps its content", () => {
    const [one, other] = ["/opt/a", "/srv/b"].map((folder) => {
      const tasks = new TaskSteps();
      const path = `${folder}/${"0f".repeat(32)}/site.yml:3`;
      tasks.take([{ play: "p", name: "a", path }], [step(0, "ok", 1)]);
      return tasks.steps[0];
    });
    expect(one?.key).toBe(other?.key);
    expect(one?.path).toBe("site.yml:3");
  });
});

test("the columns of all hosts keep the order of each", () => {
  const columns = new TaskColumns();
  for (const all of [
    ["a", "c"],
    ["a", "b", "c"],
    ["b", "d"],
    ["a", "b", "c"],
  ])
    columns.take(make(...all).steps);
  expect(columns.all.map((column) => column.name)).toEqual(["a", "b", "d", "c"]);
});
