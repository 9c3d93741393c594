// SPDX-License-Identifier: GPL-3.0-or-later
// How does an input look that programs read? In letters of one width.
export const MONOSPACE = { input: { fontFamily: "var(--mantine-font-family-monospace)" } };
