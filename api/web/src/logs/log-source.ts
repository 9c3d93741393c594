// SPDX-License-Identifier: GPL-3.0-or-later
// How is a log read at any byte? In pieces of one type each, as the API cuts them.
import { API, getJson, hasSession, type QueryValue, query, request } from "../api/client";
import type { LogMatch, LogPiece, LogPieces, LogPlace } from "../api/types";
import type { Bytes } from "./log-lines";

/** Bytes that are read at once; the API answers no more. */
export const CHUNK_BYTES = 256 * 1024;

const LOG_WAIT_S = 25;

const encoder = new TextEncoder();

export interface Pieces {
  pieces: Bytes[];
  /** Where the next read begins. */
  end: number;
  size: number;
  isFinal: boolean;
}

export interface Wanted {
  text?: string;
  failures?: boolean;
}

interface Search {
  wanted: Wanted;
  isBackward: boolean;
  from: number;
  signal: AbortSignal;
  onProgress: (offset: number) => void;
}

export function decodePiece(piece: LogPiece): Bytes {
  const data =
    piece.encoding === "base64"
      ? Uint8Array.from(atob(piece.log_data), (character) => character.charCodeAt(0))
      : encoder.encode(piece.log_data);
  return { offset: piece.offset, data, type: piece.log_type };
}

export class LogSource {
  readonly executionId: string;

  constructor(executionId: string) {
    this.executionId = executionId;
  }

  /** Read what stands at `offset`; waits for a new byte where `isLive`. */
  async read(offset: number, isLive: boolean, signal: AbortSignal, limit = CHUNK_BYTES) {
    const wait = isLive ? LOG_WAIT_S : 0;
    const most = Math.max(4, Math.min(CHUNK_BYTES, limit));
    const answer = await this.#ask<LogPieces>(
      "pieces",
      { offset, limit: most, wait_s: wait },
      signal,
    );
    const pieces = answer.pieces.map(decodePiece);
    return { pieces, end: answer.new_offset, size: answer.size, isFinal: answer.is_final };
  }

  /** Read all pieces from `from` up to `to`. */
  async readRange(from: number, to: number, signal: AbortSignal): Promise<Bytes[]> {
    const all: Bytes[] = [];
    let at = from;
    while (at < to) {
      const { pieces, end } = await this.read(at, false, signal, to - at);
      if (end === at) break;
      for (const piece of pieces)
        all.push({ ...piece, data: piece.data.subarray(0, to - piece.offset) });
      at = end;
    }
    return all;
  }

  /** The offset of the next line that is wanted; null where there is none. The server looks. */
  async find({ wanted, isBackward, from, signal, onProgress }: Search): Promise<number | null> {
    let offset = from;
    for (;;) {
      const asked = { ...wanted, backward: isBackward, offset };
      const match = await this.#ask<LogMatch>("search", asked, signal);
      if (match.is_complete) return match.offset;
      offset = match.scanned_to;
      onProgress(offset);
    }
  }

  /** Where the line of a number begins, or which number has the line at a byte. */
  async locate(
    asked: { line: number } | { offset: number },
    signal: AbortSignal,
    onProgress?: (offset: number) => void,
  ): Promise<LogPlace> {
    for (;;) {
      const place = await this.#ask<LogPlace>("place", asked, signal);
      if (place.is_complete) return place;
      onProgress?.(place.counted_to);
    }
  }

  #ask<T>(what: string, asked: Record<string, QueryValue>, signal: AbortSignal): Promise<T> {
    return getJson<T>(`/executions/${this.executionId}/log/${what}${query(asked)}`, signal);
  }

  async download(name: string): Promise<void> {
    const path = `/executions/${this.executionId}/log/download`;
    // With a cookie the browser writes it to disk as it comes, however long it is.
    if (hasSession()) return save(`${API}${path}`, name);
    const url = URL.createObjectURL(await (await request(path)).blob());
    save(url, name);
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  }
}

function save(url: string, name: string): void {
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
}
