// SPDX-License-Identifier: GPL-3.0-or-later
// What happens while the control plane does not answer? It is asked again, a little later each time.
import { ApiError } from "./client";

const RETRY_MS = [500, 1000, 2000, 5000];

export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}

export interface Persistence {
  signal: AbortSignal;
  /** Told when the connection breaks (false) and when it answers again (true). */
  onConnection?: (isConnected: boolean) => void;
}

/** Call `attempt` until it says that all is done; an answer of the API that is an error ends it. */
export async function persist(
  { signal, onConnection }: Persistence,
  attempt: (progress: () => void) => Promise<boolean>,
): Promise<void> {
  let failures = 0;
  const progress = () => {
    if (failures > 0) onConnection?.(true);
    failures = 0;
  };
  while (!signal.aborted) {
    try {
      if (await attempt(progress)) return;
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ApiError && error.status < 500 && error.status !== 429) throw error;
      onConnection?.(false);
      await pause(RETRY_MS[Math.min(failures, RETRY_MS.length - 1)] ?? 5000, signal);
      failures += 1;
    }
  }
}
