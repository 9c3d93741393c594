// SPDX-License-Identifier: GPL-3.0-or-later
// Which executions come first, and how are their counts told?
import type { Execution, State } from "../api/types";
import { STATES } from "../api/types";

const URGENCY: Record<State, number> = {
  failed: 0,
  timed_out: 0,
  lost: 0,
  running: 1,
  canceled: 2,
  pending: 3,
  successful: 4,
};

/** What needs attention first: what failed, what runs, what waits, what is well; then by name. */
export function sortByUrgency(executions: readonly Execution[]): Execution[] {
  return executions.toSorted(
    (one, other) =>
      // The control node of a run that was started elsewhere is in no wave, and has the whole log.
      Number(one.wave !== 0) - Number(other.wave !== 0) ||
      URGENCY[one.status] - URGENCY[other.status] ||
      one.host.localeCompare(other.host),
  );
}

export function countStates(executions: readonly Execution[]): Partial<Record<State, number>> {
  const counts: Partial<Record<State, number>> = {};
  for (const { status } of executions) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

export interface Share {
  state: State;
  count: number;
  percent: number;
}

/** The shares of a bar, in the order in which they are drawn; states that nobody is in are left out. */
export function share(counts: Partial<Record<string, number>>): Share[] {
  const total = Object.values(counts).reduce<number>((sum, count) => sum + (count ?? 0), 0);
  const order: State[] = [
    "successful",
    "failed",
    "timed_out",
    "lost",
    "canceled",
    "running",
    "pending",
  ];
  return order
    .filter((state) => STATES.includes(state) && (counts[state] ?? 0) > 0)
    .map((state) => {
      const count = counts[state] ?? 0;
      return { state, count, percent: (count / total) * 100 };
    });
}

export function tellRecap(recap: Execution["recap"]): string {
  if (!recap) return "";
  return Object.entries(recap)
    .filter(([name, count]) => count || name === "ok")
    .map(([name, count]) => `${name}=${count}`)
    .join(" ");
}
