// SPDX-License-Identifier: GPL-3.0-or-later
// What did tasks say on a host? Read out of ansible-runner's events.
//
// Events come from hosts, so nothing about their form is taken for granted.

export type TaskState =
  | "running"
  | "ok"
  | "changed"
  | "failed"
  | "ignored"
  | "skipped"
  | "unreachable";

export const SIGNS: Record<TaskState, string> = {
  ok: "✓",
  changed: "±",
  failed: "✕",
  ignored: "!",
  skipped: "–",
  unreachable: "∅",
  running: "…",
};

export interface TaskItem {
  label: string;
  state: TaskState;
  result: Record<string, unknown>;
}

export interface TaskResult {
  play: string;
  name: string;
  path: string;
  state: TaskState;
  seconds: number | null;
  result: Record<string, unknown>;
  items: TaskItem[];
}

type Data = Record<string, unknown>;

const ENDINGS: Record<string, TaskState> = {
  runner_on_ok: "ok",
  runner_on_failed: "failed",
  runner_on_skipped: "skipped",
  runner_on_unreachable: "unreachable",
  runner_item_on_ok: "ok",
  runner_item_on_failed: "failed",
  runner_item_on_skipped: "skipped",
};

/** The tasks of one execution, built up event by event. */
export class TaskLog {
  #tasks: TaskResult[] = [];
  #byUuid = new Map<string, TaskResult>();

  get tasks(): readonly TaskResult[] {
    return this.#tasks;
  }

  take(events: readonly Data[]): void {
    for (const event of events) {
      const name = text(event.event);
      const data = mapping(event.event_data);
      if (name === "playbook_on_task_start" || name === "playbook_on_handler_task_start")
        this.#begin(data);
      else if (name in ENDINGS) this.#end(name, ENDINGS[name] as TaskState, data);
    }
  }

  #begin(data: Data): TaskResult {
    const [play, name, path] = [text(data.play), text(data.task), tellPath(text(data.task_path))];
    const task: TaskResult = {
      play,
      name,
      path,
      state: "running",
      seconds: null,
      result: {},
      items: [],
    };
    this.#tasks.push(task);
    this.#byUuid.set(text(data.task_uuid), task);
    return task;
  }

  #end(event: string, state: TaskState, data: Data): void {
    const task = this.#byUuid.get(text(data.task_uuid)) ?? this.#begin(data);
    const result = mapping(data.res);
    const ended = refine(state, result, data.ignore_errors === true);
    if (event.startsWith("runner_item")) {
      task.items.push({ label: tellItem(result), state: ended, result });
      return;
    }
    task.state = ended;
    task.result = result;
    task.seconds = typeof data.duration === "number" ? data.duration : null;
  }
}

/** Where a task stands below the content, which each host keeps in a folder of its own. */
export function tellPath(path: string): string {
  return path.replace(/^.*\/[0-9a-f]{64}\//, "");
}

function refine(state: TaskState, result: Data, isIgnored: boolean): TaskState {
  if (state === "ok" && result.changed === true) return "changed";
  return state === "failed" && isIgnored ? "ignored" : state;
}

function tellItem(result: Data): string {
  const item = result._ansible_item_label ?? result.item;
  return typeof item === "string" ? item : (JSON.stringify(item) ?? "");
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function mapping(value: unknown): Data {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Data)
    : {};
}
