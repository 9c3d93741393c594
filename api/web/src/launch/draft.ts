// SPDX-License-Identifier: GPL-3.0-or-later
// What is about to be run? A draft of it, turned into what the API takes.
import { splitWords } from "./shell-words";

export type Kind = "playbook" | "command" | "script";

export interface Draft {
  kind: Kind;
  template: string;
  command: string;
  script: string;
  limit: string;
  labels: string[];
  check: boolean;
  diff: boolean;
  tags: string[];
  skipTags: string[];
  verbosity: number;
  timeout: number | "";
  waves: string[];
  maxFailures: string;
  acceptDifferences: boolean;
}

export const EMPTY_DRAFT: Draft = {
  kind: "playbook",
  template: "",
  command: "",
  script: "",
  limit: "",
  labels: [],
  check: false,
  diff: true,
  tags: [],
  skipTags: [],
  verbosity: 0,
  timeout: "",
  waves: [],
  maxFailures: "",
  acceptDifferences: false,
};

/** What the API takes; null where something is missing yet. */
export function describeRun(
  draft: Draft,
  variables: Record<string, unknown>,
): Record<string, unknown> | null {
  const shared = {
    kind: draft.kind,
    limit: draft.limit.trim() || null,
    labels: draft.labels,
    timeout_s: draft.timeout === "" ? null : draft.timeout,
    rollout: { waves: draft.waves, max_failures: draft.maxFailures.trim() || null },
  };
  if (draft.kind === "command") {
    const command = splitWords(draft.command);
    return command && command.length > 0 ? { ...shared, command } : null;
  }
  if (draft.kind === "script")
    return draft.script.trim()
      ? { ...shared, script: { name: "script", content: draft.script } }
      : null;
  if (!draft.template) return null;
  return {
    ...shared,
    playbook: draft.template,
    extra_vars: variables,
    check: draft.check,
    diff: draft.diff,
    tags: draft.tags,
    skip_tags: draft.skipTags,
    verbosity: draft.verbosity,
    accept_differences: draft.acceptDifferences,
  };
}
