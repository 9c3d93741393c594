// SPDX-License-Identifier: GPL-3.0-or-later
// Which deliveries does a webhook run for, and what do they give to the run? As rows of a form.
import type { Mapped, Matcher } from "../api/types";

export type Condition = "equals" | "matches" | "exists";

export interface Rule {
  key: string;
  /** A JSON pointer into the body where it begins with a slash, else the name of a header. */
  place: string;
  condition: Condition;
  value: string;
}

export interface Given {
  key: string;
  name: string;
  pointer: string;
  type: Mapped["type"];
  required: boolean;
  fallback: Mapped["default"];
}

let keys = 0;

/** A key for a row that has none of its own. */
export function makeRowKey(): string {
  keys += 1;
  return String(keys);
}

/** A value as its type: a number and true or false where the text is one, else the text. */
function readValue(text: string): string | number | boolean {
  if (text === "true" || text === "false") return text === "true";
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}

export function readRule({ place, condition, value }: Rule): Partial<Matcher> {
  const where = place.trim().startsWith("/") ? { pointer: place.trim() } : { header: place.trim() };
  if (condition === "exists") return { ...where, exists: value !== "false" };
  // A header is text, whatever it looks like.
  const isText = condition === "matches" || "header" in where;
  return { ...where, [condition]: isText ? value : readValue(value) };
}

export function writeRule(matcher: Matcher): Rule {
  const condition = (["equals", "matches", "exists"] as const).find(
    (each) => matcher[each] !== null && matcher[each] !== undefined,
  );
  return {
    key: makeRowKey(),
    place: matcher.pointer ?? matcher.header ?? "",
    condition: condition ?? "exists",
    value: String(matcher[condition ?? "exists"] ?? ""),
  };
}

export function readGiven({ name, pointer, type, required, fallback }: Given): Mapped {
  return { name: name.trim(), pointer: pointer.trim(), type, required, default: fallback };
}

export function writeGiven(mapped: Mapped): Given {
  const { name, pointer, type, required, default: fallback } = mapped;
  return { key: makeRowKey(), name, pointer, type, required, fallback };
}
