// SPDX-License-Identifier: GPL-3.0-or-later
// Where does a text stand in a log? It is read piece by piece, so that a log of any size can be searched.
import { plainText } from "./ansi";
import { type Line, LineCutter } from "./log-lines";
import { CHUNK_BYTES, type LogSource } from "./log-source";

export type Matches = (text: string) => boolean;

/** What ansible-playbook prints where a task failed or a host cannot be reached. */
export const isFailure: Matches = (text) => /^(fatal: \[|failed: \[|ERROR! )/.test(text);

/** What it prints behind a failure that was meant to be survived. */
export const isIgnored: Matches = (text) => text.startsWith("...ignoring");

export function contains(wanted: string): Matches {
  const lower = wanted.toLowerCase();
  return (text) => text.toLowerCase().includes(lower);
}

interface Search {
  source: LogSource;
  matches: Matches;
  /** A line is passed over where the next one matches this. */
  unlessNext?: Matches | undefined;
  from: number;
  signal: AbortSignal;
  onProgress?: (offset: number, size: number) => void;
}

/** The offset of the first line from `from` on that matches; null where there is none. */
export async function findForward(search: Search): Promise<number | null> {
  const cutter = new LineCutter();
  const look = makeLook(search);
  let at = search.from;
  for (;;) {
    const { bytes, size } = await search.source.read(at, false, search.signal);
    for (const line of cutter.cut(bytes)) {
      const found = look(line);
      if (found !== null) return found;
    }
    at += bytes.data.length;
    search.onProgress?.(at, size);
    if (bytes.data.length === 0 || at >= size) {
      const rest = cutter.peek();
      return (rest === null ? null : look(rest)) ?? look(null);
    }
  }
}

/** Make what is shown each line in turn, and at last null; it answers where a match stands. */
function makeLook({ matches, unlessNext }: Search): (line: Line | null) => number | null {
  let candidate: number | null = null;
  return (line) => {
    const text = line === null ? "" : plainText(line.text);
    if (candidate !== null && !unlessNext?.(text)) return candidate;
    candidate = line !== null && matches(text) ? line.at : null;
    return unlessNext ? null : candidate;
  };
}

/** The offset of the last line before `from` that matches; null where there is none. */
export async function findBackward(search: Search): Promise<number | null> {
  let end = search.from;
  while (end > 0) {
    const start = Math.max(0, end - CHUNK_BYTES);
    // A line may begin before this stretch: what is before its first newline is left to the next.
    const pieces = await search.source.readRange(start, end, search.signal);
    const cutter = new LineCutter();
    const lines = pieces.flatMap((piece) => cutter.cut(piece));
    const rest = cutter.peek();
    if (rest !== null) lines.push(rest);
    const first = start > 0 && lines.length > 1 ? 1 : 0;
    for (let i = lines.length - 1; i >= first; i--) {
      const line = lines[i];
      if (line !== undefined && search.matches(plainText(line.text))) return line.at;
    }
    const next = lines[first]?.at ?? start;
    end = next < end ? next : start;
    search.onProgress?.(end, search.from);
  }
  return null;
}
