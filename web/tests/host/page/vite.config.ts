import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The product's own settings that matter to the host, around a page that only tests have. */
export default defineConfig({
  root: at("."),
  define: { __VERSION__: JSON.stringify("test") },
  resolve: { alias: { "@engine": at("../../../../engine/wasm/pkg") } },
  worker: { format: "es" },
  build: {
    target: "es2024",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    emptyOutDir: true,
    rollupOptions: { input: [at("index.html"), at("crash.html")] },
  },
});
