// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from "vitest";
import { diffLines, readDiffs } from "./diff";

const tell = (lines: ReturnType<typeof diffLines>) => lines.map(({ kind, text }) => kind + text);

test("lines that went and came, with what is around them", () => {
  const before = ["1", "2", "3", "4", "old", "6"];
  const after = ["1", "2", "3", "4", "new", "6"];
  expect(tell(diffLines(before, after))).toEqual([" 2", " 3", " 4", "-old", "+new", " 6"]);
  expect(diffLines(before, before)).toEqual([]);
});

test("all forms in which modules tell a diff are read", () => {
  expect(readDiffs({ before: "a\n", after: "b\n", after_header: "/etc/x" })).toEqual([
    {
      title: "/etc/x",
      lines: [
        { kind: "-", text: "a" },
        { kind: "+", text: "b" },
      ],
    },
  ]);
  expect(readDiffs([{ before: { mode: 1 }, after: { mode: 2 } }])[0]?.lines).toHaveLength(4);
  expect(readDiffs({ prepared: "@@ -1 +1 @@\n-a\n+b" })[0]?.lines.map((line) => line.kind)).toEqual(
    ["@", "-", "+"],
  );
  for (const nothing of [undefined, null, [], "text", {}, { before: "a", after: "a" }])
    expect(readDiffs(nothing)).toEqual([]);
});

test("very long files are not compared line by line", () => {
  const before = Array.from({ length: 2000 }, (_, index) => `a${index}`);
  const after = Array.from({ length: 2000 }, (_, index) => `b${index}`);
  expect(diffLines(before, after)).toHaveLength(4000);
});
