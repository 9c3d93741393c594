// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, test } from "vitest";
import { type Bytes, MAX_LINE_BYTES } from "./log-lines";
import { dropPartialLine, LogWindow, MAX_WINDOW_LINES } from "./log-window";

const encode = (text: string) => new TextEncoder().encode(text);

function bytes(offset: number, text: string, type: Bytes["type"] = "stdout"): Bytes {
  return { offset, data: encode(text), type };
}

function texts(window: LogWindow): string[] {
  return Array.from({ length: window.count }, (_, index) => window.line(index)?.text ?? "");
}

function numbers(window: LogWindow): (number | null)[] {
  return Array.from({ length: window.count }, (_, index) => {
    const line = window.line(index);
    return line ? window.numberOf(line) : null;
  });
}

describe("the window of a log", () => {
  test("pieces of any size become the same lines", () => {
    const text = "one\ntwo ü\n\nfour";
    const data = encode(text);
    for (let size = 1; size <= data.length; size++) {
      const window = new LogWindow();
      for (let at = 0; at < data.length; at += size)
        window.append({ offset: at, data: data.subarray(at, at + size), type: "stdout" });
      expect(texts(window)).toEqual(["one", "two ü", "", "four"]);
      expect(window.line(1)?.at).toBe(4);
      expect(window.end).toBe(data.length);
    }
  });

  test("what comes twice is taken once, and a hole is an error", () => {
    const window = new LogWindow();
    window.append(bytes(0, "one\ntwo\n"));
    window.append(bytes(4, "two\nthree\n"));
    expect(texts(window)).toEqual(["one", "two", "three"]);
    expect(() => window.append(bytes(100, "x"))).toThrow();
  });

  test("a line that is still printed grows", () => {
    const window = new LogWindow();
    window.append(bytes(0, "wait"));
    expect(texts(window)).toEqual(["wait"]);
    window.append(bytes(4, "ing\n"));
    expect(texts(window)).toEqual(["waiting"]);
  });

  test("lines before are put before, and numbers hold from the first byte on", () => {
    const window = new LogWindow(8);
    window.append(bytes(8, "three\nfour\n"));
    expect(numbers(window)).toEqual([null, null]);
    expect(window.prepend([bytes(0, "one\ntwo\n")])).toBe(2);
    expect(texts(window)).toEqual(["one", "two", "three", "four"]);
    expect(numbers(window)).toEqual([1, 2, 3, 4]);
    expect(window.indexOf(4)).toBe(1);
    expect(window.indexOf(6)).toBe(1);
  });

  test("a very long line is shown in rows, none of which splits a character", () => {
    const text = `${"ü".repeat(MAX_LINE_BYTES)}\nnext\n`;
    const window = new LogWindow();
    window.append(bytes(0, `a${text}`));
    expect(texts(window).slice(0, -1).join("")).toBe(`a${"ü".repeat(MAX_LINE_BYTES)}`);
    expect(window.count).toBe(4);
    expect(numbers(window).at(-1)).toBe(2);
    expect(window.line(1)?.isContinued).toBe(true);
    expect(window.line(3)?.isContinued).toBe(false);
  });

  test("only so many lines are held, and their numbers stay right", () => {
    const window = new LogWindow();
    window.append(bytes(0, "x\n".repeat(MAX_WINDOW_LINES + 10)));
    expect(window.dropFront()).toBe(10);
    expect(window.start).toBe(20);
    expect(numbers(window)[0]).toBe(11);
  });

  test("opened in the middle of a line, it begins with the next one", () => {
    expect(dropPartialLine([bytes(5, "rest\nwhole\n")])).toEqual([bytes(10, "whole\n")]);
    expect(dropPartialLine([bytes(5, "no end")])).toEqual([bytes(5, "no end")]);
    expect(dropPartialLine([bytes(5, "a"), bytes(6, "b\nc", "stderr")])).toEqual([
      bytes(8, "c", "stderr"),
    ]);
  });

  test("bytes that are no text show something and keep their offsets", () => {
    const window = new LogWindow();
    window.append({ offset: 0, data: new Uint8Array([0xff, 0xfe, 10, 65, 10]), type: "stdout" });
    expect(window.line(1)).toMatchObject({ at: 3, text: "A" });
  });
});
