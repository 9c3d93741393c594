// SPDX-License-Identifier: GPL-3.0-or-later
// Which part of a log does a viewer hold? A window of whole lines, whatever the log's size.
import { type Bytes, type Line, LineCutter } from "./log-lines";

/** So much is held at most; what is farther away is read again when it is looked at. */
export const MAX_WINDOW_LINES = 30_000;
export const MAX_WINDOW_BYTES = 16 * 1024 * 1024;

/** So many lines around the place that is looked at stay, whatever is let go of. */
const KEPT_LINES = 500;

/** The lines of a contiguous stretch of a log, which slides over a log of any size. */
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

  /** Tell the number of the line that holds a byte, as the server counts lines. */
  setNumber(offset: number, number: number): void {
    const first = this.line(0);
    const line = this.line(this.indexOf(offset));
    if (first === undefined || line === undefined || offset < this.start) return;
    this.firstNumber = number - (line.ordinal - first.ordinal);
  }

  /** How many bytes are to be read at once: a few thousand lines, however long they are. */
  get chunkBytes(): number {
    const lines = this.#lines.length;
    return lines === 0 ? 64 * 1024 : (Math.ceil((this.end - this.start) / lines) + 1) * 4_000;
  }

  /** Let go of what is too much: above, but for the end of the `before` lines, then below. */
  trimAbove(before: number): void {
    this.#dropFront(Math.min(this.#surplus(1), Math.max(0, before - KEPT_LINES)));
    this.#dropBack(this.#surplus(-1));
  }

  /** Let go of what is too much: below, but for the beginning of the `before` lines, then above. */
  trimBelow(before: number): void {
    this.#dropBack(Math.min(this.#surplus(-1), Math.max(0, before - KEPT_LINES)));
    this.#dropFront(this.#surplus(1));
  }

  /** How many lines are too many, counted from the front (1) or from the back (-1). */
  #surplus(direction: 1 | -1): number {
    let count = Math.max(0, this.#lines.length - MAX_WINDOW_LINES);
    let bytes = this.end - this.start;
    const place = (index: number) => (direction === 1 ? index : this.#lines.length - 1 - index);
    const size = (index: number) => {
      const line = this.#lines[place(index)];
      return line === undefined ? bytes : line.end - line.at;
    };
    for (let index = 0; index < count; index++) bytes -= size(index);
    while (bytes > MAX_WINDOW_BYTES && count < this.#lines.length) bytes -= size(count++);
    return count;
  }

  #dropFront(surplus: number): void {
    if (surplus <= 0) return;
    const dropped = this.#lines.splice(0, surplus);
    const first = this.#lines[0];
    this.start = first?.at ?? this.end;
    if (this.firstNumber !== null && first !== undefined)
      this.firstNumber += first.ordinal - (dropped[0]?.ordinal ?? 0);
  }

  #dropBack(surplus: number): void {
    if (surplus <= 0) return;
    const [first] = this.#lines.splice(this.#lines.length - surplus);
    if (first === undefined) return;
    this.#open = null;
    this.#cutter = new LineCutter(first.style, first.isContinued);
    this.end = first.at;
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
