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
  #inSight: readonly string[] = [];
  #others: readonly string[] = [];
  /** When each was asked for last, in requests. */
  #turns = new Map<string, number>();
  #turn = 0;
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

  /** Say which executions are in sight, and which are read beside them; new ones come at once. */
  want(inSight: readonly string[], others: readonly string[] = []): void {
    this.#inSight = inSight;
    this.#others = others;
    if (!this.#isRunning) void this.#run();
    else if (this.#isBehind()) this.#pausing.abort();
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
      const seen = this.#due(this.#inSight);
      const others = this.#due(this.#others.filter((id) => !seen.includes(id)));
      if (seen.length + others.length === 0) break;
      const hasMore = (await this.#read(seen)) || (await this.#read(others));
      if (!hasMore && !this.#isBehind()) await pause(AGAIN_MS, this.#pausing.signal);
    }
    this.#isRunning = false;
  }

  /** As many as can be asked for at once, those first that have waited longest. */
  #due(ids: readonly string[]): string[] {
    const turn = (id: string) => this.#turns.get(id) ?? 0;
    return ids
      .filter((id) => !this.#entries.get(id)?.isFinal)
      .toSorted((one, other) => turn(one) - turn(other))
      .slice(0, AT_ONCE);
  }

  #isBehind(): boolean {
    const isNew = (id: string) => !this.#turns.has(id);
    return this.#inSight.some(isNew) || this.#others.some(isNew);
  }

  async #read(ids: string[]): Promise<boolean> {
    if (ids.length === 0) return false;
    this.#turn += 1;
    for (const id of ids) this.#turns.set(id, this.#turn);
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
