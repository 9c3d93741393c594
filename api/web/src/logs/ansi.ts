// SPDX-License-Identifier: GPL-3.0-or-later
// What does terminal output look like? Spans with classes; every other control sequence is dropped.
//
// Nothing here knows markup: the spans become text nodes, and classes come from a fixed set.

export interface Style {
  color: number | null;
  background: number | null;
  bold: boolean;
  dim: boolean;
  italic: boolean;
  underline: boolean;
  inverse: boolean;
}

export interface Span {
  text: string;
  /** Names of classes out of a fixed set, with spaces between. */
  classes: string;
}

export const PLAIN: Style = Object.freeze({
  color: null,
  background: null,
  bold: false,
  dim: false,
  italic: false,
  underline: false,
  inverse: false,
});

// A sequence that never ends reaches to the end of its line; it is dropped with it.
const SEQUENCE =
  /(\x1b\[[0-9;:?<=>!]*[ -/]*[@-~]|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\|$)|\x1b.?)/s;
const SELECT_GRAPHIC = /^\x1b\[([0-9;:]*)m$/;
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f-\x9f]/g;
/** What turns the direction of text round could make a line read as another one. */
const DIRECTION = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Turn one line into spans, beginning in `style`; answers the style in which it ends. */
export function parseLine(line: string, style: Style): { spans: Span[]; style: Style } {
  const spans: Span[] = [];
  let now = style;
  for (const part of line.includes("\x1b") ? line.split(SEQUENCE) : [line]) {
    if (part.startsWith("\x1b")) now = applySequence(part, now);
    else if (part) spans.push({ text: cleanText(part), classes: nameClasses(now) });
  }
  return { spans, style: now };
}

/** What a terminal shows of a line in which the cursor went back to its beginning. */
export function dropOverwritten(line: string): string {
  const text = line.replace(/\r+$/, "");
  return text.slice(text.lastIndexOf("\r") + 1);
}

function cleanText(text: string): string {
  return text.replace(CONTROL, "").replace(DIRECTION, "\ufffd");
}

function nameClasses(style: Style): string {
  const names: string[] = [];
  const bright = style.bold && style.color !== null && style.color < 8;
  if (style.color !== null) names.push(`f${bright ? style.color + 8 : style.color}`);
  if (style.background !== null) names.push(`g${style.background}`);
  for (const name of ["bold", "dim", "italic", "underline", "inverse"] as const)
    if (style[name]) names.push(`t-${name}`);
  return names.join(" ");
}

function applySequence(sequence: string, style: Style): Style {
  const match = SELECT_GRAPHIC.exec(sequence);
  if (match === null) return style;
  const codes = (match[1] ?? "").split(/[;:]/).map(Number);
  let now = { ...style };
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i] ?? 0;
    if (code === 38 || code === 48) i += applyExtended(now, code, codes.slice(i + 1));
    else if (code === 0) now = { ...PLAIN };
    else applyCode(now, code);
  }
  return now;
}

/** Colours of 256 and of 16 million are shown as the nearest of the 16; answers what it used up. */
function applyExtended(style: Style, code: number, rest: number[]): number {
  const color =
    rest[0] === 5 ? nearestOf256(rest[1] ?? 0) : nearest(rest[1] ?? 0, rest[2] ?? 0, rest[3] ?? 0);
  if (code === 38) style.color = color;
  else style.background = color;
  return rest[0] === 5 ? 2 : 4;
}

function nearestOf256(index: number): number {
  if (index < 16) return index;
  if (index >= 232) return index < 238 ? 8 : index < 247 ? 7 : 15;
  const cube = index - 16;
  return nearest(Math.floor(cube / 36) * 51, (Math.floor(cube / 6) % 6) * 51, (cube % 6) * 51);
}

function nearest(red: number, green: number, blue: number): number {
  const most = Math.max(red, green, blue);
  if (most < 64) return 0;
  const bits = (red > most / 2 ? 1 : 0) | (green > most / 2 ? 2 : 0) | (blue > most / 2 ? 4 : 0);
  return most > 170 ? bits + 8 : bits;
}

const ON: Record<number, Partial<Style>> = {
  1: { bold: true },
  2: { dim: true },
  3: { italic: true },
  4: { underline: true },
  7: { inverse: true },
  22: { bold: false, dim: false },
  23: { italic: false },
  24: { underline: false },
  27: { inverse: false },
  39: { color: null },
  49: { background: null },
};

function applyCode(style: Style, code: number): void {
  if (code in ON) Object.assign(style, ON[code]);
  else if (code >= 30 && code <= 37) style.color = code - 30;
  else if (code >= 90 && code <= 97) style.color = code - 82;
  else if (code >= 40 && code <= 47) style.background = code - 40;
  else if (code >= 100 && code <= 107) style.background = code - 92;
}
