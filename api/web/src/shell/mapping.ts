// SPDX-License-Identifier: GPL-3.0-or-later
// Is a text a mapping? In JSON; an empty text is the empty one.

export type Mapping = Record<string, unknown>;

export function readMapping(text: string): Mapping | null {
  if (text.trim() === "") return {};
  try {
    const value: unknown = JSON.parse(text);
    const isMapping = typeof value === "object" && value !== null && !Array.isArray(value);
    return isMapping ? (value as Mapping) : null;
  } catch {
    return null;
  }
}

/** Return the mapping of a text that a form holds; throws where it is none, so that nothing is sent. */
export function requireMapping(text: string, words: string): Mapping {
  const mapping = readMapping(text);
  if (mapping === null) throw new InputError(words);
  return mapping;
}

/** Something in a form that was not even sent; its message is for people. */
export class InputError extends Error {}

export function writeMapping(mapping: Mapping): string {
  return Object.keys(mapping).length === 0 ? "" : JSON.stringify(mapping, null, 2);
}

/** Read labels that are written as `name=value`, one each. */
export function readLabels(labels: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    labels.map((label) => {
      const at = label.indexOf("=");
      return at < 0 ? [label.trim(), ""] : [label.slice(0, at).trim(), label.slice(at + 1).trim()];
    }),
  );
}

export function writeLabels(labels: Record<string, string>): string[] {
  return Object.entries(labels).map(([name, value]) => `${name}=${value}`);
}
