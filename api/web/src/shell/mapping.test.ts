// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from "vitest";
import {
  InputError,
  readLabels,
  readMapping,
  requireMapping,
  writeLabels,
  writeMapping,
} from "./mapping";

test("a mapping is read, anything else is none", () => {
  expect(readMapping(' {"a": [1, null]} ')).toEqual({ a: [1, null] });
  expect(readMapping("")).toEqual({});
  for (const text of ["[1]", '"a"', "null", "{", "a: 1"]) expect(readMapping(text)).toBeNull();
});

test("what is no mapping is never sent", () => {
  expect(() => requireMapping("[1]", "write a mapping")).toThrow(InputError);
  expect(requireMapping('{"a": 1}', "")).toEqual({ a: 1 });
});

test("a mapping is written so that it is read again", () => {
  const mapping = { a: { b: "ü" } };
  expect(readMapping(writeMapping(mapping))).toEqual(mapping);
  expect(writeMapping({})).toBe("");
});

test("a label may hold an equals sign in its value", () => {
  const labels = { env: "prod", query: "a=b", bare: "" };
  expect(readLabels(writeLabels(labels))).toEqual(labels);
  expect(readLabels(["bare"])).toEqual({ bare: "" });
});
