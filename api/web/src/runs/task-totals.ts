// SPDX-License-Identifier: GPL-3.0-or-later
// On how many hosts did a task end how?
import type { TaskSteps } from "./task-steps";
import { SIGNS, type TaskState } from "./tasks";

export class TaskTotals {
  #byKey = new Map<string, Map<TaskState, number>>();
  #states = new Set<TaskState>();
  /** How many hosts were counted. */
  readonly hosts: number;

  constructor(all: readonly TaskSteps[]) {
    this.hosts = all.length;
    for (const { steps } of all) for (const { key, state } of steps) this.#add(key, state);
  }

  /** The states that occur, in the order of the legend. */
  get states(): TaskState[] {
    return (Object.keys(SIGNS) as TaskState[]).filter((state) => this.#states.has(state));
  }

  get(key: string, state: TaskState): number {
    return this.#byKey.get(key)?.get(state) ?? 0;
  }

  #add(key: string, state: TaskState): void {
    let counts = this.#byKey.get(key);
    if (counts === undefined) {
      counts = new Map();
      this.#byKey.set(key, counts);
    }
    counts.set(state, (counts.get(state) ?? 0) + 1);
    this.#states.add(state);
  }
}
