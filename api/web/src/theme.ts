// SPDX-License-Identifier: GPL-3.0-or-later
// How does MyX look? Calm: one accent, the system's letters, tight tables.
import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from "@mantine/core";

const ink: MantineColorsTuple = [
  "#eef3ff",
  "#dce4f5",
  "#b9c7e2",
  "#94a8d0",
  "#748dc1",
  "#5f7cb8",
  "#5474b4",
  "#44639f",
  "#39588f",
  "#2c4b80",
];

export const theme = createTheme({
  primaryColor: "ink",
  primaryShade: { light: 7, dark: 6 },
  colors: { ink },
  autoContrast: true,
  defaultRadius: "md",
  cursorType: "pointer",
  fontFamily:
    'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "PingFang SC", "Microsoft YaHei", sans-serif',
  fontFamilyMonospace:
    'ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", "Noto Sans Mono CJK SC", monospace',
  headings: { fontWeight: "650" },
});

/** Letters on tinted ground, dark enough (or light enough) for WCAG AA. */
const ON_TINT: Record<string, { light: string; dark: string }> = {
  green: { light: "#14532d", dark: "#b2f2bb" },
  red: { light: "#8b1a1a", dark: "#ffc9c9" },
  orange: { light: "#7a3200", dark: "#ffd8a8" },
  yellow: { light: "#6b4700", dark: "#ffec99" },
  blue: { light: "#0b4a8f", dark: "#a5d8ff" },
  grape: { light: "#6b1d82", dark: "#eebefa" },
  gray: { light: "#343a40", dark: "#dee2e6" },
};

function resolve(scheme: "light" | "dark"): Record<string, string> {
  const isDark = scheme === "dark";
  const variables: Record<string, string> = {
    "--mantine-color-dimmed": isDark ? "#adb2b8" : "#555d66",
    "--mantine-color-placeholder": isDark ? "#9aa0a6" : "#666e76",
    "--mantine-color-error": isDark ? "#ff8787" : "#c92a2a",
    "--mantine-color-anchor": isDark ? "#9db3e0" : "#39588f",
  };
  for (const [color, on] of Object.entries(ON_TINT))
    variables[`--mantine-color-${color}-light-color`] = on[scheme];
  return variables;
}

export const resolver: CSSVariablesResolver = () => ({
  variables: {},
  light: resolve("light"),
  dark: resolve("dark"),
});
