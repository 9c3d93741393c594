// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, test } from "vitest";
import type { Bytes } from "./log-lines";
import { contains, findBackward, findForward, isFailure, isIgnored } from "./log-search";
import type { LogSource } from "./log-source";

/** A log in memory, which is read in pieces of so many bytes. */
function makeSource(text: string, pieceBytes: number): LogSource {
  const data = new TextEncoder().encode(text);
  const read = async (
    offset: number,
    _isLive: boolean,
    _signal: AbortSignal,
    limit = pieceBytes,
  ) => ({
    bytes: {
      offset,
      data: data.subarray(offset, offset + Math.min(limit, pieceBytes)),
      type: "stdout" as const,
    },
    size: data.length,
    isFinal: true,
  });
  const readRange = async (from: number, to: number, signal: AbortSignal) => {
    const pieces: Bytes[] = [];
    for (let at = from; at < to; at += pieceBytes)
      pieces.push((await read(at, false, signal, to - at)).bytes);
    return pieces;
  };
  return { read, readRange } as unknown as LogSource;
}

const signal = new AbortController().signal;
const LOG = "one\ntwo needle\nthree\nfour Needle\nfive";

describe.each([1, 3, 7, 1000])("a search in pieces of %i bytes", (size) => {
  const source = makeSource(LOG, size);

  test("goes on to the next match and back to the one before", async () => {
    const matches = contains("needle");
    expect(await findForward({ source, matches, signal, from: 0 })).toBe(4);
    expect(await findForward({ source, matches, signal, from: 15 })).toBe(21);
    expect(await findForward({ source, matches, signal, from: 33 })).toBeNull();
    expect(await findBackward({ source, matches, signal, from: LOG.length })).toBe(21);
    expect(await findBackward({ source, matches, signal, from: 21 })).toBe(4);
    expect(await findBackward({ source, matches, signal, from: 4 })).toBeNull();
  });

  test("finds what is printed last, without a newline", async () => {
    const matches = contains("five");
    expect(await findForward({ source, matches, signal, from: 0 })).toBe(33);
  });

  test("passes over failures that are ignored", async () => {
    const text = "\x1b[31mfatal: [a]: FAILED!\x1b[0m\n...ignoring\nok: [a]\nfatal: [a]: FAILED!";
    const search = { source: makeSource(text, size), matches: isFailure, unlessNext: isIgnored };
    expect(await findForward({ ...search, signal, from: 0 })).toBe(text.lastIndexOf("fatal"));
  });
});
