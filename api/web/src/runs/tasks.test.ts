// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, test } from "vitest";
import { TaskLog } from "./tasks";

function start(name: string, uuid: string) {
  return {
    event: "playbook_on_task_start",
    event_data: { play: "p", task: name, task_path: `f:${name}`, task_uuid: uuid },
  };
}

function end(event: string, uuid: string, more: object = {}) {
  return { event, event_data: { task_uuid: uuid, play: "p", ...more } };
}

describe("tasks of a host", () => {
  test("each ends as its last event says", () => {
    const log = new TaskLog();
    log.take([
      start("a", "1"),
      end("runner_on_ok", "1", { res: { changed: true }, duration: 1.5 }),
      start("b", "2"),
      end("runner_on_failed", "2", { ignore_errors: true, res: { msg: "no" } }),
      start("c", "3"),
    ]);
    expect(log.tasks.map((task) => task.state)).toEqual(["changed", "ignored", "running"]);
    expect(log.tasks[0]?.seconds).toBe(1.5);
  });

  test("items of a loop are kept with their labels", () => {
    const log = new TaskLog();
    log.take([
      start("a", "1"),
      end("runner_item_on_ok", "1", { res: { item: "x", changed: true } }),
      end("runner_item_on_failed", "1", { res: { _ansible_item_label: { n: 1 } } }),
    ]);
    expect(log.tasks[0]?.items.map(({ label, state }) => [label, state])).toEqual([
      ["x", "changed"],
      ['{"n":1}', "failed"],
    ]);
  });

  test("events in any form are survived", () => {
    const log = new TaskLog();
    log.take([{}, { event: 1 }, { event: "runner_on_ok", event_data: null }, { event_data: [] }]);
    expect(log.tasks).toHaveLength(1);
  });
});
