// SPDX-License-Identifier: GPL-3.0-or-later
// What did a task change? Ansible's `diff`, whose form modules choose freely, as lines.

export interface DiffLine {
  kind: "+" | "-" | " " | "@";
  text: string;
}

export interface Diff {
  title: string;
  lines: DiffLine[];
}

/** Above this many lines on a side the lines are not compared: all of the old, then all of the new. */
const MAX_COMPARED = 1500;
const CONTEXT = 3;

export function readDiffs(diff: unknown): Diff[] {
  const parts = Array.isArray(diff) ? diff : [diff];
  return parts.flatMap((part, index) => {
    if (typeof part !== "object" || part === null) return [];
    const entry = part as Record<string, unknown>;
    const title = String(entry.after_header ?? entry.before_header ?? (index > 0 ? index + 1 : ""));
    const lines =
      typeof entry.prepared === "string" ? readPrepared(entry.prepared) : compare(entry);
    return lines.length > 0 ? [{ title, lines }] : [];
  });
}

function readPrepared(text: string): DiffLine[] {
  return splitLines(text).map((line) => {
    if (line.startsWith("@@")) return { kind: "@", text: line };
    const kind = line[0] === "+" || line[0] === "-" ? line[0] : " ";
    return { kind, text: kind === " " ? line.replace(/^ /, "") : line.slice(1) };
  });
}

function compare(entry: Record<string, unknown>): DiffLine[] {
  if (!("before" in entry) && !("after" in entry)) return [];
  return diffLines(splitLines(tell(entry.before)), splitLines(tell(entry.after)));
}

function tell(value: unknown): string {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}

function splitLines(text: string): string[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

/** The lines that went and came, with a few around them. */
export function diffLines(before: string[], after: string[]): DiffLine[] {
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head += 1;
  let tail = 0;
  while (
    tail < before.length - head &&
    tail < after.length - head &&
    before[before.length - 1 - tail] === after[after.length - 1 - tail]
  )
    tail += 1;
  const middle = diffMiddle(
    before.slice(head, before.length - tail),
    after.slice(head, after.length - tail),
  );
  if (middle.length === 0) return [];
  const around = (lines: string[]): DiffLine[] => lines.map((text) => ({ kind: " ", text }));
  return [
    ...around(before.slice(Math.max(0, head - CONTEXT), head)),
    ...middle,
    ...around(before.slice(before.length - tail, before.length - tail + CONTEXT)),
  ];
}

function diffMiddle(before: string[], after: string[]): DiffLine[] {
  if (before.length > MAX_COMPARED || after.length > MAX_COMPARED)
    return [...mark("-", before), ...mark("+", after)];
  const common = measureCommon(before, after);
  const lines: DiffLine[] = [];
  let [i, j] = [0, 0];
  while (i < before.length && j < after.length) {
    const [old, fresh] = [before[i] as string, after[j] as string];
    if (old === fresh) {
      lines.push({ kind: " ", text: old });
      i += 1;
      j += 1;
    } else if ((common[i + 1]?.[j] ?? 0) >= (common[i]?.[j + 1] ?? 0)) {
      lines.push({ kind: "-", text: old });
      i += 1;
    } else {
      lines.push({ kind: "+", text: fresh });
      j += 1;
    }
  }
  return [...lines, ...mark("-", before.slice(i)), ...mark("+", after.slice(j))];
}

/** How many lines the rests of both sides have in common, for each pair of beginnings. */
function measureCommon(before: string[], after: string[]): Uint16Array[] {
  const common = Array.from({ length: before.length + 1 }, () => new Uint16Array(after.length + 1));
  for (let i = before.length - 1; i >= 0; i--) {
    const [row, below] = [common[i] as Uint16Array, common[i + 1] as Uint16Array];
    for (let j = after.length - 1; j >= 0; j--) {
      row[j] =
        before[i] === after[j]
          ? (below[j + 1] as number) + 1
          : Math.max(below[j] as number, row[j + 1] as number);
    }
  }
  return common;
}

function mark(kind: "+" | "-", lines: string[]): DiffLine[] {
  return lines.map((text) => ({ kind, text }));
}
