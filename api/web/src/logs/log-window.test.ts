// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, test } from "vitest";
import { type Bytes, MAX_LINE_BYTES } from "./log-lines";
import { dropPartialLine, LogWindow, MAX_WINDOW_BYTES, MAX_WINDOW_LINES } from "./log-window";

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
    window.append(bytes(0, "x\n".repeat(MAX_WINDOW_LINES)));
    window.append(bytes(window.end, "x\n".repeat(10)));
    window.trimAbove(MAX_WINDOW_LINES);
    expect(window.count).toBe(MAX_WINDOW_LINES);
    expect(window.start).toBe(20);
    expect(numbers(window)[0]).toBe(11);
  });

  test("what is too much above goes below, and is read again in the same style", () => {
    const window = new LogWindow(2000);
    window.append(bytes(2000, `${"y\n".repeat(MAX_WINDOW_LINES - 2)}\x1b[31mred\nmore`));
    const before = window.count;
    window.prepend([bytes(0, "z\n".repeat(1000))]);
    window.trimBelow(before);
    expect(window.start).toBe(0);
    expect(window.count).toBe(MAX_WINDOW_LINES);
    expect(window.end).toBe(2000 + (MAX_WINDOW_LINES - 1000) * 2);
    window.append(bytes(window.end, `${"y\n".repeat(998)}\x1b[31mred\nmore`));
    expect(window.line(window.count - 1)).toMatchObject({ text: "more", style: { color: 1 } });
  });

  test("however many lines come at once, the place that is looked at stays", () => {
    const window = new LogWindow();
    window.append(bytes(0, "one\n".repeat(1000)));
    window.append(bytes(4000, "x\n".repeat(MAX_WINDOW_LINES * 2)));
    window.trimAbove(1000);
    expect(window.count).toBe(MAX_WINDOW_LINES);
    expect(texts(window)[499]).toBe("one");
    expect(texts(window)[500]).toBe("x");
    const other = new LogWindow(MAX_WINDOW_LINES * 4);
    other.append(bytes(other.end, "one\n".repeat(1000)));
    other.prepend([bytes(0, "x\n".repeat(MAX_WINDOW_LINES * 2))]);
    other.trimBelow(1000);
    expect(other.count).toBe(MAX_WINDOW_LINES);
    expect(texts(other).at(-500)).toBe("one");
    expect(texts(other).at(-501)).toBe("x");
  });

  test("long lines are held to a number of bytes", () => {
    const window = new LogWindow();
    const line = `${"x".repeat(8_000)}\n`;
    for (let i = 0; i < 30; i++) {
      const before = window.count;
      window.append(bytes(window.end, line.repeat(100)));
      window.trimAbove(before);
    }
    expect(window.end).toBe(30 * 100 * 8_001);
    expect(window.end - window.start).toBeLessThanOrEqual(MAX_WINDOW_BYTES);
    expect(numbers(window)[0]).toBe(window.start / 8_001 + 1);
  });

  test("the server's number of one line numbers all", () => {
    const window = new LogWindow(100);
    window.append(bytes(100, "one\ntwo\n"));
    window.setNumber(104, 51);
    expect(numbers(window)).toEqual([50, 51]);
    window.setNumber(3, 9);
    expect(numbers(window)).toEqual([50, 51]);
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
