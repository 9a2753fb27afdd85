import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { release } from "./build/release";

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const { version } = JSON.parse(readFileSync(at("package.json"), "utf8")) as { version: string };

/** `vite build` makes the app (dist); `vite build --mode looks` the design system's own pages (dist-looks), which no server hands out. */
export default defineConfig(({ mode }) => ({
  plugins: [react(), ...(mode === "looks" ? [] : [release(version)])],
  define: { __VERSION__: JSON.stringify(version) },
  resolve: { alias: { "@engine": at("../engine/wasm/pkg"), "@schema": at("../sdk/inmost/store/schema") } },
  server: { fs: { allow: [at("..")] } },
  // It finds its own .wasm by import.meta.url, which bundling ahead would break.
  optimizeDeps: { exclude: ["@evolu/sqlite-wasm"] },
  worker: { format: "es" },
  build: {
    target: "es2024",
    outDir: mode === "looks" ? "dist-looks" : "dist",
    modulePreload: { polyfill: false },
    // Nothing as a data: address: the policy allows none.
    assetsInlineLimit: 0,
    rollupOptions: {
      input: mode === "looks" ? at("looks.html") : { app: at("index.html"), sw: at("src/service/worker.ts") },
      output: {
        // The service worker must be found under its own name, at the top.
        entryFileNames: (chunk) => (chunk.name === "sw" ? "sw.js" : "assets/[name]-[hash].js"),
      },
    },
  },
}));
