// SPDX-License-Identifier: GPL-3.0-or-later
// How do the tasks of many hosts come to a page? A few hosts at a time, and only those in sight.
import { useEffect, useMemo, useSyncExternalStore } from "react";
import { getJson, query } from "../api/client";
import { pause } from "../api/persist";
import type { Events } from "../api/types";
import { TaskLog, type TaskResult } from "./tasks";

const AT_ONCE = 3;
const AGAIN_MS = 1500;

interface Entry {
  log: TaskLog;
  after: number;
  isFinal: boolean;
  isGone: boolean;
}

export class TaskFeed {
  #entries = new Map<string, Entry>();
  #wanted: string[] = [];
  #stop = new AbortController();
  #listeners = new Set<() => void>();
  #version = 0;
  #isRunning = false;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly version = (): number => this.#version;

  tasks(executionId: string): readonly TaskResult[] | null {
    return this.#entries.get(executionId)?.log.tasks ?? null;
  }

  /** Say which executions are in sight. */
  want(executionIds: string[]): void {
    this.#wanted = executionIds;
    if (!this.#isRunning) void this.#run();
  }

  close(): void {
    this.#stop.abort();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    this.#isRunning = true;
    while (!signal.aborted) {
      const open = this.#wanted.filter((id) => !this.#entries.get(id)?.isFinal);
      if (open.length === 0) break;
      for (let i = 0; i < open.length && !signal.aborted; i += AT_ONCE)
        await Promise.all(open.slice(i, i + AT_ONCE).map((id) => this.#read(id)));
      await pause(AGAIN_MS, signal);
    }
    this.#isRunning = false;
  }

  async #read(id: string): Promise<void> {
    const entry = this.#entries.get(id) ?? {
      log: new TaskLog(),
      after: 0,
      isFinal: false,
      isGone: false,
    };
    try {
      for (;;) {
        const path = `/executions/${id}/events${query({ after: entry.after })}`;
        const { events, last, is_final } = await getJson<Events>(path, this.#stop.signal);
        entry.log.take(events);
        entry.isFinal = is_final;
        const isMore = events.length > 0 && !is_final && last > entry.after;
        entry.after = Math.max(entry.after, last);
        if (!isMore) break;
      }
      this.#entries.set(id, entry);
      this.#tell();
    } catch {
      // It is asked again in the next round.
    }
  }

  #tell(): void {
    this.#version += 1;
    for (const listener of this.#listeners) listener();
  }
}

export function useTaskFeed(): { feed: TaskFeed; version: number } {
  const feed = useMemo(() => new TaskFeed(), []);
  const version = useSyncExternalStore(feed.subscribe, feed.version);
  useEffect(() => () => feed.close(), [feed]);
  return { feed, version };
}
