// SPDX-License-Identifier: GPL-3.0-or-later
// Which part of a log does a viewer hold? A window of whole lines, whatever the log's size.
import { type Bytes, type Line, LineCutter } from "./log-lines";

/** So much is held at most; what is farther away is read again when it is looked at. */
export const MAX_WINDOW_LINES = 60_000;

/** The lines of a contiguous stretch of a log. It never holds more than `MAX_WINDOW_LINES`. */
export class LogWindow {
  #lines: Line[] = [];
  #cutter = new LineCutter();
  #open: Line | null = null;
  /** Offset of the first byte that is held. */
  start: number;
  /** Offset behind the last byte that is held. */
  end: number;
  /** Number of the first line that is held, the log's first being 1; null where nobody knows. */
  firstNumber: number | null;

  constructor(start = 0) {
    this.start = start;
    this.end = start;
    this.firstNumber = start === 0 ? 1 : null;
  }

  get count(): number {
    return this.#lines.length + (this.#open === null ? 0 : 1);
  }

  line(index: number): Line | undefined {
    return index < this.#lines.length ? this.#lines[index] : (this.#open ?? undefined);
  }

  /** Where in the window the line stands that holds the byte at `offset`. */
  indexOf(offset: number): number {
    let low = 0;
    let high = this.count - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.line(middle)?.at ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return Math.max(0, low);
  }

  /** Add what lies behind the end; what is held already is left out, a gap is an error. */
  append(bytes: Bytes): void {
    if (bytes.offset > this.end)
      throw new Error(`a piece at ${bytes.offset} does not follow on ${this.end}`);
    const known = this.end - bytes.offset;
    if (known >= bytes.data.length) return;
    const data = bytes.data.subarray(known);
    for (const line of this.#cutter.cut({ ...bytes, offset: this.end, data })) this.#push(line);
    this.end = bytes.offset + bytes.data.length;
    this.#open = this.#cutter.peek();
    if (this.#open !== null) this.#open.ordinal = this.#nextOrdinal(this.#open);
  }

  #push(line: Line): void {
    line.ordinal = this.#nextOrdinal(line);
    this.#lines.push(line);
  }

  #nextOrdinal(line: Line): number {
    const last = this.#lines.at(-1);
    return last === undefined ? 0 : last.ordinal + (line.isContinued ? 0 : 1);
  }

  /** The number of a line in the whole log; null where nobody knows. */
  numberOf(line: Line): number | null {
    const first = this.line(0);
    if (this.firstNumber === null || first === undefined) return null;
    return this.firstNumber + line.ordinal - first.ordinal;
  }

  /** Add what lies directly before the start; answers how many lines that are. */
  prepend(pieces: Bytes[]): number {
    const last = pieces.at(-1);
    if (last === undefined) return 0;
    if (last.offset + last.data.length !== this.start)
      throw new Error("what is put before does not end at the start");
    const cutter = new LineCutter();
    const lines = pieces.flatMap((piece) => cutter.cut(piece));
    const rest = cutter.peek();
    if (rest !== null) lines.push(rest);
    let next = this.line(0);
    for (const line of lines.toReversed()) {
      line.ordinal = next === undefined ? 0 : next.ordinal - (next.isContinued ? 0 : 1);
      next = line;
    }
    const before = this.line(0);
    this.#lines = lines.concat(this.#lines);
    this.start = pieces[0]?.offset ?? this.start;
    if (this.start === 0) this.firstNumber = 1;
    else if (this.firstNumber !== null && before !== undefined)
      this.firstNumber -= before.ordinal - (this.line(0)?.ordinal ?? 0);
    return lines.length;
  }

  /** Let go of the first lines where there are too many; answers how many. */
  dropFront(): number {
    const surplus = this.#lines.length - MAX_WINDOW_LINES;
    if (surplus <= 0) return 0;
    const dropped = this.#lines.splice(0, surplus);
    const first = this.#lines[0];
    this.start = first?.at ?? this.end;
    if (this.firstNumber !== null && first !== undefined)
      this.firstNumber += first.ordinal - (dropped[0]?.ordinal ?? 0);
    return surplus;
  }

  /** Whether so many lines are held that none should be put before them. */
  get isFull(): boolean {
    return this.#lines.length >= MAX_WINDOW_LINES;
  }
}

/** Drop what stands before the first newline, since a line began before these bytes. */
export function dropPartialLine(pieces: Bytes[]): Bytes[] {
  for (const [index, piece] of pieces.entries()) {
    const newline = piece.data.indexOf(10);
    if (newline < 0) continue;
    const rest = {
      ...piece,
      offset: piece.offset + newline + 1,
      data: piece.data.subarray(newline + 1),
    };
    return rest.data.length > 0 ? [rest, ...pieces.slice(index + 1)] : pieces.slice(index + 1);
  }
  return pieces;
}
