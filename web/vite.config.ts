import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const { version } = JSON.parse(readFileSync(at("package.json"), "utf8")) as { version: string };

export default defineConfig({
  plugins: [react()],
  define: { __VERSION__: JSON.stringify(version) },
  resolve: { alias: { "@engine": at("../engine/wasm/pkg") } },
  // The engine's module lies beside this folder.
  server: { fs: { allow: [at(".."), at("../engine/wasm/pkg")] } },
  // It finds its own .wasm by import.meta.url, which bundling ahead would break.
  optimizeDeps: { exclude: ["@evolu/sqlite-wasm"] },
  worker: { format: "es" },
  build: {
    target: "es2024",
    modulePreload: { polyfill: false },
    // Nothing as a data: address: the policy allows none.
    assetsInlineLimit: 0,
    rollupOptions: { input: { app: at("index.html"), looks: at("looks.html") } },
  },
});
