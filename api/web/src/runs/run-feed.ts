// SPDX-License-Identifier: GPL-3.0-or-later
// How does a page know what a run does? The server tells each change; they are drawn once a frame.
import { useEffect, useState } from "react";
import { readEvents, type ServerEvent } from "../api/events";
import { persist } from "../api/persist";
import type { Execution, Run } from "../api/types";

export interface RunState {
  run: Run | null;
  executions: Execution[];
  isConnected: boolean;
  error: Error | null;
}

const NOTHING: RunState = { run: null, executions: [], isConnected: true, error: null };

const DRAW_MS = 100;

/** Follow a run and what it does on each host; logs are read apart, one at a time. */
export function useRunFeed(id: number): RunState {
  const [state, setState] = useState<RunState>(NOTHING);
  useEffect(() => {
    setState(NOTHING);
    const feed = new RunFeed(id, setState);
    feed.follow();
    return () => feed.close();
  }, [id]);
  return state;
}

class RunFeed {
  #id: number;
  #tell: (state: RunState) => void;
  #stop = new AbortController();
  #run: Run | null = null;
  #executions = new Map<string, Execution>();
  #isConnected = true;
  #error: Error | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(id: number, tell: (state: RunState) => void) {
    this.#id = id;
    this.#tell = tell;
  }

  follow(): void {
    const { signal } = this.#stop;
    const onConnection = (isConnected: boolean) => {
      this.#isConnected = isConnected;
      this.#plan();
    };
    persist({ signal, onConnection }, async (progress) => {
      for await (const event of readEvents(`/runs/${this.#id}/stream?log=false`, signal)) {
        progress();
        this.#take(event);
        if (event.name === "end") return true;
      }
      throw new Error("the stream ended before the run did");
    }).catch((error: Error) => {
      this.#error = error;
      this.#plan();
    });
  }

  close(): void {
    this.#stop.abort();
    clearTimeout(this.#timer);
  }

  #take({ name, data }: ServerEvent): void {
    if (name === "execution") {
      const execution = data as Execution;
      this.#executions.set(execution.id, execution);
    } else this.#run = data as Run;
    this.#plan();
  }

  /** A run over a thousand hosts begins with a thousand events: they are drawn once. */
  #plan(): void {
    if (this.#stop.signal.aborted) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#tell({
        run: this.#run,
        executions: [...this.#executions.values()],
        isConnected: this.#isConnected,
        error: this.#error,
      });
    }, DRAW_MS);
  }
}
