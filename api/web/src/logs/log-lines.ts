// SPDX-License-Identifier: GPL-3.0-or-later
// How do bytes of a log become lines? Each knows the byte at which it begins.
import { dropOverwritten, PLAIN, parseLine, type Style } from "./ansi";

/** A longer line is shown in pieces: a row of ten million characters stops any browser. */
export const MAX_LINE_BYTES = 8192;

const NEWLINE = 10;

export type LogType = "stdout" | "stderr";

export interface Line {
  /** Offset of its first byte in the log. */
  at: number;
  /** Offset behind its last byte, its newline included. */
  end: number;
  text: string;
  type: LogType;
  /** The style in which it begins. */
  style: Style;
  /** Whether its newline has come. */
  isWhole: boolean;
  /** Whether it goes on with the line before, which was too long for one row. */
  isContinued: boolean;
  /** Counts lines; only differences mean something. */
  ordinal: number;
}

/** Bytes in a row, of one type. */
export interface Bytes {
  offset: number;
  data: Uint8Array;
  type: LogType;
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Cuts bytes into lines; what comes behind them continues the last line. */
export class LineCutter {
  #style: Style;
  #open: { at: number; parts: Uint8Array[]; length: number; type: LogType } | null = null;
  #isContinued: boolean;

  /** Begin in the style, and within the line, in which bytes before have ended. */
  constructor(style: Style = PLAIN, isContinued = false) {
    this.#style = style;
    this.#isContinued = isContinued;
  }

  /** Cut `bytes`, which follow on those before; the last line may not be whole yet. */
  cut(bytes: Bytes): Line[] {
    const lines: Line[] = [];
    let from = 0;
    if (this.#open !== null && this.#open.type !== bytes.type) this.#open.type = "stderr";
    while (from < bytes.data.length) {
      const room = MAX_LINE_BYTES - (this.#open?.length ?? 0);
      const found = bytes.data.subarray(from, from + room).indexOf(NEWLINE);
      const to = found >= 0 ? from + found + 1 : Math.min(bytes.data.length, from + room);
      this.#add(bytes, from, to);
      if (found >= 0) lines.push(this.#close(true));
      else if (to - from === room) lines.push(this.#close(false));
      from = to;
    }
    return lines;
  }

  /** The line that is not whole yet, as it stands. */
  peek(): Line | null {
    return this.#open === null ? null : this.#build(this.#open, false);
  }

  #add(bytes: Bytes, from: number, to: number): void {
    this.#open ??= { at: bytes.offset + from, parts: [], length: 0, type: bytes.type };
    this.#open.parts.push(bytes.data.subarray(from, to));
    this.#open.length += to - from;
  }

  #close(isWhole: boolean): Line {
    let open = this.#open;
    if (open === null) throw new Error("no line is open");
    this.#open = null;
    if (!isWhole) {
      const held = splitInsideCharacter(join(open.parts));
      open = { ...open, parts: [held.whole], length: held.whole.length };
      if (held.rest.length > 0)
        this.#open = {
          at: open.at + open.length,
          parts: [held.rest],
          length: held.rest.length,
          type: open.type,
        };
    }
    const line = this.#build(open, isWhole);
    this.#style = line.text.includes("\x1b") ? parseLine(line.text, line.style).style : line.style;
    this.#isContinued = !isWhole;
    return line;
  }

  #build(
    open: { at: number; parts: Uint8Array[]; length: number; type: LogType },
    isWhole: boolean,
  ): Line {
    const data = join(open.parts);
    const text = decoder.decode(isWhole ? data.subarray(0, -1) : data);
    return {
      at: open.at,
      end: open.at + open.length,
      text: dropOverwritten(text),
      type: open.type,
      style: this.#style,
      isWhole,
      isContinued: this.#isContinued,
      ordinal: 0,
    };
  }
}

function join(parts: Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0] as Uint8Array;
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** Split off the first bytes of a character that is not whole, at most three. */
function splitInsideCharacter(data: Uint8Array): { whole: Uint8Array; rest: Uint8Array } {
  for (let back = 1; back <= Math.min(3, data.length - 1); back++) {
    const byte = data[data.length - back] as number;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    const cut = length > back ? data.length - back : data.length;
    return { whole: data.subarray(0, cut), rest: data.subarray(cut) };
  }
  return { whole: data, rest: data.subarray(data.length) };
}
