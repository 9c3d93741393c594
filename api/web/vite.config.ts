// SPDX-License-Identifier: GPL-3.0-or-later
// How are the browser's files built? Relative to the page, so that a proxy may put it anywhere.
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  base: "./",
  plugins: [react()],
  build: {
    outDir: "built",
    assetsDir: "web",
    emptyOutDir: true,
    target: "es2023",
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1000,
  },
});
