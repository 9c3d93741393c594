// SPDX-License-Identifier: GPL-3.0-or-later
// What of a log is shown, and how does it grow? Read as far as somebody looks, never further:
// a slow browser falls behind, and asks on from the byte where it stands.
import { persist } from "../api/persist";
import { CHUNK_BYTES, type LogSource } from "./log-source";
import { dropPartialLine, LogWindow } from "./log-window";

/** So much is read first: not more lines than are held, however short they are. */
const OPENED_BYTES = 48 * 1024;

export interface Shown {
  window: LogWindow;
  /** Bytes stored by now. */
  size: number;
  /** Whether nothing will come behind what is shown. */
  isComplete: boolean;
  isConnected: boolean;
  error: Error | null;
  /** Which opening this is: another one means another place. */
  opening: number;
}

/** Reads the log of one execution for one viewer. */
export class LogReader {
  #source: LogSource;
  #listeners = new Set<() => void>();
  #shown: Shown;
  #reading = new AbortController();
  /** Ends the one read that waits, not the reading. */
  #piece = new AbortController();
  #wake: (() => void) | null = null;
  #isWanted = true;
  #isPrepending = false;

  constructor(source: LogSource, size: number) {
    this.#source = source;
    this.#shown = {
      window: new LogWindow(),
      size,
      isComplete: false,
      isConnected: true,
      error: null,
      opening: 0,
    };
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly get = (): Shown => this.#shown;

  /** Show the log from `offset` on; where no line begins there, from the next line on. */
  open(offset: number, isLineStart: boolean): void {
    this.close();
    this.#reading = new AbortController();
    const { signal } = this.#reading;
    const opening = this.#shown.opening + 1;
    this.#isPrepending = false;
    this.#isWanted = true;
    this.#show({ window: new LogWindow(offset), isComplete: false, error: null, opening });
    this.#begin(offset, isLineStart, signal).catch((error: Error) => {
      if (!signal.aborted) this.#show({ error });
    });
  }

  /** Show the end of the log. */
  openEnd(): void {
    this.open(Math.max(0, this.#shown.size - OPENED_BYTES), false);
  }

  close(): void {
    this.#reading.abort();
  }

  /** Say that somebody looks at the end of what is there: only then more is read. */
  want(): void {
    if (this.#shown.isComplete) return;
    this.#isWanted = true;
    this.#wake?.();
  }

  /** Read what stands before the first line; where that is too much, the last lines go. */
  async readBefore(): Promise<void> {
    const { window } = this.#shown;
    const { signal } = this.#reading;
    // Nothing is put before what has not come yet: the place would be lost.
    if (this.#isPrepending || window.count === 0 || window.start === 0) return;
    this.#isPrepending = true;
    try {
      const { start, count, end } = window;
      const from = Math.max(0, start - Math.min(CHUNK_BYTES, window.chunkBytes));
      const pieces = await this.#source.readRange(from, start, signal);
      // Meanwhile the first lines may have gone, where the log is read on.
      if (signal.aborted || window.start !== start) return;
      window.prepend(from > 0 ? dropPartialLine(pieces) : pieces);
      window.trimBelow(count);
      if (window.end < end) this.#piece.abort();
      this.#show(window.end < end ? { isComplete: false } : {});
    } catch {
      // What is above can be asked for again by scrolling.
    } finally {
      if (!signal.aborted) this.#isPrepending = false;
    }
  }

  async #begin(offset: number, isLineStart: boolean, signal: AbortSignal): Promise<void> {
    const onConnection = (isConnected: boolean) => this.#show({ isConnected });
    if (offset > 0 && !isLineStart) {
      await persist({ signal, onConnection }, async () => {
        const end = Math.min(offset + OPENED_BYTES, Math.max(this.#shown.size, offset));
        const pieces = dropPartialLine(await this.#source.readRange(offset, end, signal));
        const window = new LogWindow(pieces[0]?.offset ?? offset);
        for (const piece of pieces) window.append(piece);
        this.#show({ window });
        return true;
      });
    }
    if (offset > 0) void this.#number(this.#shown.window, signal);
    await persist({ signal, onConnection }, async (progress) => {
      await this.#untilWanted(signal);
      if (!signal.aborted) await this.#readOn(signal, progress);
      return signal.aborted;
    });
  }

  /** Ask which numbers the lines have, which takes longer than to show them. */
  async #number(window: LogWindow, signal: AbortSignal): Promise<void> {
    while (window.firstNumber === null) {
      const offset = window.start;
      const place = await this.#source.locate({ offset }, signal).catch(() => null);
      if (signal.aborted || place?.line == null) return;
      // Where that line has gone meanwhile, the one that is now the first is asked for.
      window.setNumber(offset, place.line);
    }
    this.#show({});
  }

  async #readOn(signal: AbortSignal, progress: () => void): Promise<void> {
    const { window } = this.#shown;
    const { count, end } = window;
    this.#piece = new AbortController();
    const { signal: pieceSignal } = this.#piece;
    const isAnyEnded = AbortSignal.any([signal, pieceSignal]);
    const read = this.#source.read(end, true, isAnyEnded, Math.max(window.chunkBytes, 4096));
    const answer = await read.catch((error: Error) => {
      if (pieceSignal.aborted) return null;
      throw error;
    });
    // The last lines have gone, since somebody scrolled up: they are read again when looked at.
    if (signal.aborted || answer === null || window.end !== end) return this.#rest(window);
    progress();
    for (const piece of answer.pieces) window.append(piece);
    window.trimAbove(count);
    const isComplete = answer.isFinal && window.end >= answer.end;
    // More is read when this has been drawn and its end is looked at.
    this.#isWanted = false;
    this.#show({ size: answer.size, isComplete });
  }

  #rest(window: LogWindow): void {
    this.#isWanted = false;
    this.#show(window.end < this.#shown.size ? { isComplete: false } : {});
  }

  #untilWanted(signal: AbortSignal): Promise<void> {
    if (this.#isWanted) return Promise.resolve();
    return new Promise((resolve) => {
      this.#wake = resolve;
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
  }

  #show(changes: Partial<Shown>): void {
    this.#shown = { ...this.#shown, ...changes };
    for (const listener of this.#listeners) listener();
  }
}
