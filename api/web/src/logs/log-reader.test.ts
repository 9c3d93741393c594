// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from "vitest";
import { LogReader } from "./log-reader";
import type { LogSource } from "./log-source";
import { MAX_WINDOW_LINES } from "./log-window";

const LINE_BYTES = 10;

/** A log of so many lines, each of which says its number. */
function makeSource(lines: () => number): LogSource {
  const make = (from: number, to: number) => {
    const first = Math.floor(from / LINE_BYTES);
    const last = Math.ceil(to / LINE_BYTES);
    const text = Array.from({ length: last - first }, (_, i) =>
      String(first + i).padStart(LINE_BYTES - 1, "0"),
    );
    const data = new TextEncoder().encode(`${text.join("\n")}\n`);
    return data.subarray(from - first * LINE_BYTES, to - first * LINE_BYTES);
  };
  const read = async (offset: number, _isLive: boolean, _signal: AbortSignal, limit = 262_144) => {
    const size = lines() * LINE_BYTES;
    const end = Math.min(size, offset + limit);
    const pieces =
      end > offset ? [{ offset, data: make(offset, end), type: "stdout" as const }] : [];
    return { pieces, end, size, isFinal: end === size };
  };
  const readRange = async (from: number, to: number) => [
    { offset: from, data: make(from, to), type: "stdout" as const },
  ];
  const locate = async ({ offset }: { offset: number }) => ({
    line: Math.floor(offset / LINE_BYTES) + 1,
    offset,
    counted_to: offset,
    is_complete: true,
  });
  return { read, readRange, locate } as unknown as LogSource;
}

/** Wait until what is shown is as it should be. */
function until(reader: LogReader, isThere: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (!isThere()) return;
      stop();
      resolve();
    };
    const stop = reader.subscribe(look);
    look();
  });
}

function check(reader: LogReader): void {
  const { window } = reader.get();
  expect(window.count).toBeLessThanOrEqual(MAX_WINDOW_LINES + 1);
  for (const index of [0, Math.floor(window.count / 2), window.count - 1]) {
    const line = window.line(index);
    if (line === undefined) throw new Error("there is no line");
    if (!line.isWhole) continue;
    expect(Number(line.text)).toBe(line.at / LINE_BYTES);
    expect(window.numberOf(line)).toBe(line.at / LINE_BYTES + 1);
  }
}

test("a log that is longer than what is held is scrolled up to its beginning and down again", async () => {
  const count = MAX_WINDOW_LINES * 4;
  const size = count * LINE_BYTES;
  const reader = new LogReader(
    makeSource(() => count),
    size,
  );
  const at = () => reader.get().window;
  reader.openEnd();
  await until(reader, () => reader.get().isComplete && at().firstNumber !== null);
  expect(at().end).toBe(size);
  while (at().start > 0) {
    await reader.readBefore();
    check(reader);
  }
  expect(at().end).toBeLessThan(size);
  expect(reader.get().isComplete).toBe(false);
  while (at().end < size) {
    const { end } = at();
    reader.want();
    await until(reader, () => at().end > end);
    check(reader);
  }
  await until(reader, () => reader.get().isComplete);
  expect(at().start).toBeGreaterThan(0);
  reader.close();
});

test("a log opened in the middle goes both ways, with its numbers", async () => {
  const count = MAX_WINDOW_LINES * 4;
  const reader = new LogReader(
    makeSource(() => count),
    count * LINE_BYTES,
  );
  const middle = MAX_WINDOW_LINES * 2 * LINE_BYTES;
  reader.open(middle + 3, false);
  await until(reader, () => reader.get().window.firstNumber !== null);
  await reader.readBefore();
  check(reader);
  expect(reader.get().window.start).toBeLessThan(middle);
  expect(reader.get().window.end).toBeGreaterThan(middle);
  reader.close();
});
