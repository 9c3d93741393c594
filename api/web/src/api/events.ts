// SPDX-License-Identifier: GPL-3.0-or-later
// How are server-sent events read? From a fetch, since EventSource cannot send a token.
import { request } from "./client";

export interface ServerEvent {
  name: string;
  data: unknown;
}

/** Split what has arrived into whole events and the rest that is still under way. */
export function splitEvents(text: string): { events: ServerEvent[]; rest: string } {
  const blocks = text.split("\n\n");
  const rest = blocks.pop() ?? "";
  return { events: blocks.flatMap(parseBlock), rest };
}

function parseBlock(block: string): ServerEvent[] {
  let name = "";
  const data: string[] = [];
  for (const line of block.split("\n")) {
    if (line.startsWith("event: ")) name = line.slice(7);
    else if (line.startsWith("data: ")) data.push(line.slice(6));
  }
  return name ? [{ name, data: JSON.parse(data.join("\n")) }] : [];
}

export async function* readEvents(path: string, signal: AbortSignal): AsyncGenerator<ServerEvent> {
  const response = await request(path, { signal });
  if (response.body === null) return;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const split = splitEvents(text + value);
    text = split.rest;
    yield* split.events;
  }
}
