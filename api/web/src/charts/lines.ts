// SPDX-License-Identifier: GPL-3.0-or-later
// Which path has the line of a chart? Over a square of 100 by 100, in which a value has its step.

type Values = readonly (number | null)[];

/** The path of a line; where there is no value it is broken off, and what is alone is a dot. */
export function drawLine(values: Values, top: number): string {
  return draw(values, top, (index) => {
    const [isBegun, goesOn] = [isThere(values, index - 1), isThere(values, index + 1)];
    return { begins: !isBegun, isDot: !isBegun && !goesOn };
  });
}

/** The path of the points of that line: each is a line of no length, which round ends make a dot. */
export function drawDots(values: Values, top: number): string {
  return draw(values, top, () => ({ begins: true, isDot: true }));
}

function isThere(values: Values, index: number): boolean {
  return typeof values[index] === "number";
}

type Tell = (index: number) => { begins: boolean; isDot: boolean };

function draw(values: Values, top: number, tell: Tell): string {
  const width = 100 / values.length;
  let path = "";
  values.forEach((value, index) => {
    if (value === null) return;
    const x = ((index + 0.5) * width).toFixed(2);
    const y = (100 - (top > 0 ? value / top : 0) * 100).toFixed(2);
    const { begins, isDot } = tell(index);
    path += `${begins ? "M" : "L"}${x} ${y}${isDot ? "h0" : ""}`;
  });
  return path;
}
