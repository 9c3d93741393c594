// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, test } from "vitest";
import { dropOverwritten, PLAIN, parseLine } from "./ansi";

function plainText(line: string): string {
  return parseLine(dropOverwritten(line), PLAIN)
    .spans.map((span) => span.text)
    .join("");
}

const spans = (line: string) => parseLine(line, PLAIN).spans;

describe("terminal output", () => {
  test("colours become classes and end where they end", () => {
    expect(spans("\x1b[0;32mok: [web1]\x1b[0m rest")).toEqual([
      { text: "ok: [web1]", classes: "f2" },
      { text: " rest", classes: "" },
    ]);
  });

  test("a style goes on in the next line", () => {
    const { style } = parseLine("\x1b[1;31mfatal", PLAIN);
    expect(parseLine("more", style).spans).toEqual([{ text: "more", classes: "f9 t-bold" }]);
  });

  test.each([
    ["cursor moves", "a\x1b[2J\x1b[10;10Hb", "ab"],
    ["a title", "a\x1b]0;title\x07b", "ab"],
    ["a link", "a\x1b]8;;javascript:alert(1)\x1b\\b\x1b]8;;\x1b\\c", "abc"],
    ["an unfinished sequence", "a\x1b]52;c;ZXZpbA==", "a"],
    ["a device control string", "a\x1bP1$r\x1b\\b", "ab"],
    ["a lone escape", "a\x1b", "a"],
    ["control characters", "a\x00\x07\x08b\x9b", "ab"],
    ["turned directions", "a\u202eb", "a\ufffdb"],
    ["markup stays text", "<script>alert(1)</script>", "<script>alert(1)</script>"],
  ])("%s", (_name, line, text) => {
    expect(plainText(line)).toBe(text);
  });

  test("colours of 256 and of 16 million become one of the 16", () => {
    for (const line of ["\x1b[38;5;196mx", "\x1b[38;2;255;0;0mx", "\x1b[38:2:255:0:0mx"])
      expect(spans(line)).toEqual([{ text: "x", classes: "f9" }]);
  });

  test("codes that make no sense change nothing that can be seen", () => {
    for (const { classes } of spans("\x1b[38;5;99999999mx\x1b[38my\x1b[999mz"))
      expect(classes).toMatch(/^(f\d{1,2})?$/);
  });

  test("what is overwritten from the beginning of the line is not shown", () => {
    expect(dropOverwritten("10 %\r50 %\r100 %\r")).toBe("100 %");
  });
});
