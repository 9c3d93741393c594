// SPDX-License-Identifier: GPL-3.0-or-later
// How is a log read at any byte? In pieces of one type each, as the API cuts them.
import { getJson, query, request } from "../api/client";
import type { LogPiece } from "../api/types";
import type { Bytes } from "./log-lines";

/** Bytes that are read at once; the API answers no more. */
export const CHUNK_BYTES = 256 * 1024;

const LOG_WAIT_S = 25;

const encoder = new TextEncoder();

export interface Piece {
  bytes: Bytes;
  size: number;
  isFinal: boolean;
}

export function decodePiece(piece: LogPiece): Piece {
  const data =
    piece.encoding === "base64"
      ? Uint8Array.from(atob(piece.log_data), (character) => character.charCodeAt(0))
      : encoder.encode(piece.log_data);
  return {
    bytes: { offset: piece.offset, data, type: piece.log_type },
    size: piece.size,
    isFinal: piece.is_final,
  };
}

export class LogSource {
  readonly executionId: string;

  constructor(executionId: string) {
    this.executionId = executionId;
  }

  /** Read one piece at `offset`; waits for a new byte where `isLive`. */
  async read(offset: number, isLive: boolean, signal: AbortSignal, limit = CHUNK_BYTES) {
    const wait = isLive ? LOG_WAIT_S : 0;
    const path = `/executions/${this.executionId}/log${query({ offset, limit, wait_s: wait })}`;
    return decodePiece(await getJson<LogPiece>(path, signal));
  }

  /** Read all pieces from `from` up to `to`. */
  async readRange(from: number, to: number, signal: AbortSignal): Promise<Bytes[]> {
    const pieces: Bytes[] = [];
    let at = from;
    while (at < to) {
      const limit = Math.max(4, Math.min(CHUNK_BYTES, to - at));
      const { bytes } = await this.read(at, false, signal, limit);
      const data = bytes.data.subarray(0, to - at);
      if (data.length === 0) break;
      pieces.push({ ...bytes, data });
      at += data.length;
    }
    return pieces;
  }

  async download(name: string): Promise<void> {
    const blob = await (await request(`/executions/${this.executionId}/log/download`)).blob();
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  }
}
