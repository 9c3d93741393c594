// SPDX-License-Identifier: GPL-3.0-or-later
// What of a log is shown, and how does it grow? Read as far as somebody looks, never further:
// a slow browser falls behind, and asks on from the byte where it stands.
import { persist } from "../api/persist";
import { CHUNK_BYTES, type LogSource } from "./log-source";
import { dropPartialLine, LogWindow } from "./log-window";

export interface Shown {
  window: LogWindow;
  /** Bytes stored by now. */
  size: number;
  /** Whether nothing will come behind what is shown. */
  isComplete: boolean;
  isConnected: boolean;
  error: Error | null;
  /** Lines that were put before (or, negative, taken from before) the others, all in all. */
  shifted: number;
  /** Which opening this is: another one means another place. */
  opening: number;
}

/** Reads the log of one execution for one viewer. */
export class LogReader {
  #source: LogSource;
  #listeners = new Set<() => void>();
  #shown: Shown;
  #reading = new AbortController();
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
      shifted: 0,
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
    this.open(Math.max(0, this.#shown.size - CHUNK_BYTES), false);
  }

  close(): void {
    this.#reading.abort();
  }

  /** Say that somebody looks at the end of what is there: only then more is read. */
  want(): void {
    this.#isWanted = true;
    this.#wake?.();
  }

  /** Read what stands before the first line. */
  async readBefore(): Promise<void> {
    const { window } = this.#shown;
    const { signal } = this.#reading;
    // Nothing is put before what has not come yet: the place would be lost.
    if (this.#isPrepending || window.count === 0 || window.start === 0 || window.isFull) return;
    this.#isPrepending = true;
    try {
      const from = Math.max(0, window.start - CHUNK_BYTES);
      const pieces = await this.#source.readRange(from, window.start, signal);
      if (signal.aborted) return;
      const count = window.prepend(from > 0 ? dropPartialLine(pieces) : pieces);
      this.#show({ shifted: this.#shown.shifted + count });
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
        const end = Math.min(offset + CHUNK_BYTES, Math.max(this.#shown.size, offset));
        const pieces = dropPartialLine(await this.#source.readRange(offset, end, signal));
        const window = new LogWindow(pieces[0]?.offset ?? offset);
        for (const piece of pieces) window.append(piece);
        this.#show({ window });
        return true;
      });
    }
    await persist({ signal, onConnection }, async (progress) => {
      await this.#untilWanted(signal);
      if (signal.aborted) return true;
      return this.#readOn(signal, progress);
    });
  }

  async #readOn(signal: AbortSignal, progress: () => void): Promise<boolean> {
    const { window } = this.#shown;
    const { bytes, size, isFinal } = await this.#source.read(window.end, true, signal);
    if (signal.aborted) return true;
    progress();
    // More is read when this has been drawn and its end is looked at.
    this.#isWanted = isFinal;
    window.append(bytes);
    const dropped = window.dropFront();
    this.#show({ size, isComplete: isFinal, shifted: this.#shown.shifted - dropped });
    return isFinal;
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
