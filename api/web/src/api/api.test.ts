// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from "vitest";
import { fill } from "../i18n/language";
import { query } from "./client";
import { splitEvents } from "./events";

test("events are taken when they are whole, and comments are none", () => {
  const { events, rest } = splitEvents(': keep-alive\n\nevent: run\ndata: {"id":1}\n\nevent: lo');
  expect(events).toEqual([{ name: "run", data: { id: 1 } }]);
  expect(rest).toBe("event: lo");
});

test("what is empty is not asked for", () => {
  expect(query({ page: 1, search: "", state: ["a", "b"], none: null })).toBe(
    "?page=1&state=a&state=b",
  );
  expect(query({})).toBe("");
});

test("values are put into texts", () => {
  expect(fill("{a} of {b}", { a: 1 })).toBe("1 of {b}");
});
