// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from "vitest";
import { drawDots, drawLine } from "./lines";

test("a line is broken off where there is nothing, and what is alone is a dot", () => {
  expect(drawLine([0, 50, null, 100], 100)).toBe("M12.50 100.00L37.50 50.00M87.50 0.00h0");
  expect(drawLine([null, 1, 1, null], 1)).toBe("M37.50 0.00L62.50 0.00");
  expect(drawLine([null, null], 1)).toBe("");
  expect(drawLine([], 1)).toBe("");
});

test("each point is a dot, and where all is nothing they lie on the ground", () => {
  expect(drawDots([0, null], 0)).toBe("M25.00 100.00h0");
  expect(drawDots([1, 2], 2)).toBe("M25.00 50.00h0M75.00 0.00h0");
});
