// SPDX-License-Identifier: GPL-3.0-or-later
// What did somebody type into the form of a template? Text and choices, turned into typed variables.
import type { Argument } from "../api/types";
import type { Key } from "../i18n/en";

export type Field = string | boolean | string[] | null;
export type Fields = Record<string, Field>;

export interface Reading {
  variables: Record<string, unknown>;
  problems: Record<string, Key>;
}

const NUMBERS: Record<string, RegExp> = {
  int: /^[+-]?\d+$/,
  float: /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i,
};

export function isTextList(argument: Argument): boolean {
  return argument.type === "list" && ["str", "path", "raw", null].includes(argument.elements);
}

/** What is sent: only what was filled in, so that the roles' own defaults stay in force. */
export function readFields(args: readonly Argument[], fields: Fields): Reading {
  const reading: Reading = { variables: {}, problems: {} };
  for (const argument of args) {
    const value = fields[argument.name] ?? null;
    if (value === null || value === "" || (Array.isArray(value) && value.length === 0)) {
      if (argument.required) reading.problems[argument.name] = "launch.required";
      continue;
    }
    readField(argument, value, reading);
  }
  return reading;
}

function readField(argument: Argument, value: Field, reading: Reading): void {
  const { name, type } = argument;
  if (typeof value !== "string") reading.variables[name] = value;
  else if (type in NUMBERS) {
    if (NUMBERS[type]?.test(value.trim())) reading.variables[name] = Number(value);
    else reading.problems[name] = type === "int" ? "launch.no-integer" : "launch.no-number";
  } else if (type === "dict" || type === "list") readStructure(argument, value, reading);
  else reading.variables[name] = value;
}

function readStructure({ name, type }: Argument, value: string, reading: Reading): void {
  try {
    const parsed: unknown = JSON.parse(value);
    if (
      Array.isArray(parsed) === (type === "list") &&
      typeof parsed === "object" &&
      parsed !== null
    )
      reading.variables[name] = parsed;
    else reading.problems[name] = type === "list" ? "launch.no-list" : "launch.no-mapping";
  } catch {
    reading.problems[name] = "launch.no-json";
  }
}

/** A default as it is shown where nothing was filled in. */
export function tellDefault(argument: Argument): string {
  const { default: value } = argument;
  if (value === null || value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}
