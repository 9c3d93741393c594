// SPDX-License-Identifier: GPL-3.0-or-later
// How far is a host in its tasks? As the server tells it: how each task ended, not what it said.
import type { RunTasks } from "../api/types";
import { tellPath } from "./tasks";

type Told = RunTasks["executions"][number]["steps"][number];

export interface TaskStep {
  /** The same for the same task on every host; one that comes twice on a host has two. */
  key: string;
  play: string;
  name: string;
  path: string;
  state: Told["state"];
  seconds: number | null;
  /** Counters of the first event about it and of the last. */
  first: number;
  counter: number;
}

/** The tasks of one execution, built up from what is new of it. */
export class TaskSteps {
  #steps: TaskStep[] = [];
  #byKey = new Map<string, TaskStep>();
  #seen = new Map<string, number>();

  get steps(): readonly TaskStep[] {
    return this.#steps;
  }

  get(key: string): TaskStep | undefined {
    return this.#byKey.get(key);
  }

  take(names: RunTasks["tasks"], steps: readonly Told[]): void {
    for (const { task, state, seconds, first, counter } of steps) {
      const { play, name, path } = names[task] ?? { play: "", name: "", path: "" };
      const base = `${play}\0${tellPath(path)}\0${name}`;
      const last = this.#steps.at(-1);
      const isEnd = last?.state === "running" && last.key === `${base}\0${this.#seen.get(base)}`;
      if (isEnd) Object.assign(last, { state, seconds, counter });
      else this.#begin(base, { play, name, path: tellPath(path), state, seconds, first, counter });
    }
  }

  #begin(base: string, told: Omit<TaskStep, "key">): void {
    const count = (this.#seen.get(base) ?? 0) + 1;
    this.#seen.set(base, count);
    const step = { ...told, key: `${base}\0${count}` };
    this.#steps.push(step);
    this.#byKey.set(step.key, step);
  }
}

export interface TaskColumn {
  key: string;
  play: string;
  name: string;
}

/** The tasks of all hosts in one order, in which each host's own order is kept where it can be. */
export class TaskColumns {
  #columns: TaskColumn[] = [];
  #places = new Map<string, number>();

  get all(): readonly TaskColumn[] {
    return this.#columns;
  }

  /** Take in the tasks of one more host, or what is new of it. */
  take(steps: readonly TaskColumn[]): void {
    let behind = 0;
    for (const { key, play, name } of steps) {
      const place = this.#places.get(key);
      if (place !== undefined) {
        behind = Math.max(behind, place + 1);
        continue;
      }
      this.#columns.splice(behind, 0, { key, play, name });
      for (let index = behind; index < this.#columns.length; index++)
        this.#places.set((this.#columns[index] as TaskColumn).key, index);
      behind += 1;
    }
  }
}
