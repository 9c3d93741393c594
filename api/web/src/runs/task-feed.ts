// SPDX-License-Identifier: GPL-3.0-or-later
// How do the tasks of many hosts come to a page? Some hosts at a time, and only those in sight.
import { useEffect, useMemo, useSyncExternalStore } from "react";
import { getJson, query } from "../api/client";
import { pause } from "../api/persist";
import type { RunTasks } from "../api/types";
import { TaskColumns, TaskSteps } from "./task-steps";

/** The server tells of no more at once. */
const AT_ONCE = 50;
const AGAIN_MS = 1500;

interface Entry {
  tasks: TaskSteps;
  after: number;
  isFinal: boolean;
}

export class TaskFeed {
  readonly columns = new TaskColumns();
  #runId: number;
  #entries = new Map<string, Entry>();
  #wanted: string[] = [];
  #stop = new AbortController();
  #pausing = new AbortController();
  #listeners = new Set<() => void>();
  #version = 0;
  #isRunning = false;

  constructor(runId: number) {
    this.#runId = runId;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly version = (): number => this.#version;

  tasks(executionId: string): TaskSteps | null {
    return this.#entries.get(executionId)?.tasks ?? null;
  }

  /** Say which executions are in sight; who is new among them is asked for at once. */
  want(executionIds: string[]): void {
    this.#wanted = executionIds;
    if (!this.#isRunning) void this.#run();
    else if (executionIds.some((id) => !this.#entries.has(id))) this.#pausing.abort();
  }

  close(): void {
    this.#stop.abort();
    this.#pausing.abort();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    this.#isRunning = true;
    while (!signal.aborted) {
      this.#pausing = new AbortController();
      const open = this.#wanted.filter((id) => !this.#entries.get(id)?.isFinal);
      if (open.length === 0) break;
      const hasMore = await this.#read(open.slice(0, AT_ONCE));
      if (!hasMore && open.length <= AT_ONCE) await pause(AGAIN_MS, this.#pausing.signal);
    }
    this.#isRunning = false;
  }

  async #read(ids: string[]): Promise<boolean> {
    const after = ids.map((id) => `${id}:${this.#entries.get(id)?.after ?? 0}`).join();
    try {
      const path = `/runs/${this.#runId}/tasks${query({ after })}`;
      const told = await getJson<RunTasks>(path, this.#stop.signal);
      this.#take(told);
      return told.has_more;
    } catch {
      return false; // It is asked again in the next round.
    }
  }

  #take(told: RunTasks): void {
    for (const { execution_id, steps, last, is_final } of told.executions) {
      const entry = this.#entries.get(execution_id) ?? {
        tasks: new TaskSteps(),
        after: 0,
        isFinal: false,
      };
      entry.tasks.take(told.tasks, steps);
      if (steps.length > 0) this.columns.take(entry.tasks.steps);
      this.#entries.set(execution_id, { ...entry, after: last, isFinal: is_final });
    }
    this.#version += 1;
    for (const listener of this.#listeners) listener();
  }
}

export function useTaskFeed(runId: number): { feed: TaskFeed; version: number } {
  const feed = useMemo(() => new TaskFeed(runId), [runId]);
  const version = useSyncExternalStore(feed.subscribe, feed.version);
  useEffect(() => () => feed.close(), [feed]);
  return { feed, version };
}
