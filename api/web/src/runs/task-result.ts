// SPDX-License-Identifier: GPL-3.0-or-later
// What did a task say on a host? Its events are asked for when somebody wants to know.
import { useQuery } from "@tanstack/react-query";
import { getJson, query } from "../api/client";
import type { Events } from "../api/types";
import type { TaskStep } from "./task-steps";
import { TaskLog, type TaskResult } from "./tasks";

/** The server answers no more events at once: a loop of more items shows the first ones. */
const MAX_EVENTS = 1000;

export interface Chosen {
  executionId: string;
  host: string;
  task: TaskStep;
}

async function readResult({ executionId, task }: Chosen, signal: AbortSignal) {
  const log = new TaskLog();
  const read = async (after: number, limit: number) => {
    const path = `/executions/${executionId}/events${query({ after, limit })}`;
    log.take((await getJson<Events>(path, signal)).events);
  };
  const count = task.counter - task.first + 1;
  await read(task.first - 1, Math.min(MAX_EVENTS, count));
  if (count > MAX_EVENTS) await read(task.counter - 1, 1);
  return log.tasks[0] ?? null;
}

export function useTaskResult(chosen: Chosen | null) {
  const { executionId, task } = chosen ?? {};
  return useQuery<TaskResult | null>({
    queryKey: ["task", executionId, task?.first, task?.counter],
    queryFn: ({ signal }) => (chosen ? readResult(chosen, signal) : null),
    enabled: chosen !== null,
  });
}
