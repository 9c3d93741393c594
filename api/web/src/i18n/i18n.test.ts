// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from "vitest";
import { en, type Key } from "./en";
import { zh } from "./zh";

const keys = Object.keys(en) as Key[];
const holes = (text: string) => (text.match(/\{\w+\}/g) ?? []).sort();

test("both languages say the same things", () => {
  expect(Object.keys(zh).sort()).toEqual([...keys].sort());
});

test("a text has the same values put in, whatever the language", () => {
  for (const key of keys) expect([key, holes(zh[key])]).toEqual([key, holes(en[key])]);
});

test("no text is empty, and Chinese is not left in English", () => {
  const same = new Set(keys.filter((key) => zh[key] === en[key]));
  for (const key of keys) expect(zh[key].trim(), key).not.toBe("");
  expect([...same].filter((key) => en[key].split(" ").length > 2)).toEqual([]);
});
