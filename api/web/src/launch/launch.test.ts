// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, test } from "vitest";
import type { Argument } from "../api/types";
import { readFields } from "./arguments";
import { describeRun, EMPTY_DRAFT } from "./draft";
import { splitWords } from "./shell-words";

function argument(name: string, type: string, more: Partial<Argument> = {}): Argument {
  return {
    name,
    type,
    aliases: [],
    choices: null,
    default: null,
    description: "",
    elements: null,
    required: false,
    roles: [],
    secret: false,
    version_added: "",
    ...more,
  } as Argument;
}

test.each([
  ["uptime", ["uptime"]],
  [" a  'b c' \"d \\\" e\" f\\ g ''", ["a", "b c", 'd " e', "f g", ""]],
  ["open 'quote", null],
  ["", []],
])("the words of %s", (line, words) => {
  expect(splitWords(line)).toEqual(words);
});

describe("variables", () => {
  const args = [
    argument("port", "int", { required: true }),
    argument("users", "list", { elements: "str" }),
    argument("options", "dict"),
    argument("on", "bool"),
  ];

  test("are sent with their types, and only where something was filled in", () => {
    const fields = { port: "443", users: ["a"], options: '{"x": 1}', on: false };
    expect(readFields(args, fields).variables).toEqual({
      port: 443,
      users: ["a"],
      options: { x: 1 },
      on: false,
    });
    expect(readFields(args, { port: "1", users: [] }).variables).toEqual({ port: 1 });
  });

  test("that do not fit are named", () => {
    expect(readFields(args, { port: "4.5", options: "[1]" }).problems).toEqual({
      port: "launch.no-integer",
      options: "launch.no-mapping",
    });
    expect(readFields(args, {}).problems).toEqual({ port: "launch.required" });
  });
});

test("a run is sent when it is clear what runs", () => {
  expect(describeRun(EMPTY_DRAFT, {})).toBeNull();
  const command = describeRun({ ...EMPTY_DRAFT, kind: "command", command: "id -u" }, {});
  expect(command).toMatchObject({ kind: "command", command: ["id", "-u"], limit: null });
  const playbook = describeRun({ ...EMPTY_DRAFT, template: "demo" }, { a: 1 });
  expect(playbook).toMatchObject({ playbook: "demo", extra_vars: { a: 1 }, diff: true });
});
