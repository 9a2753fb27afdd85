/**
 * The last step of a build: the service worker with what it keeps, every file's smaller encodings beside it, and files.json,
 * the list of all files with their SHA-256 by which a server hands them out and anybody compares them with a release.
 */

import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import type { Plugin } from "vite";

const COMPRESSED = /\.(js|css|html|wasm|svg|json|webmanifest)$/;
const SMALLEST_COMPRESSED_BYTES = 512;
/** Where the service worker's source has the list of what it keeps. */
const KEPT = "__KEPT__";

export function release(version: string): Plugin {
  let folder = "";
  return {
    name: "inmost-release",
    apply: "build",
    configResolved(config) {
      folder = join(config.root, config.build.outDir);
    },
    closeBundle() {
      const digests = digestsOf(folder);
      listKept(join(folder, "sw.js"), digests);
      const files = digestsOf(folder);
      writeFileSync(join(folder, "files.json"), `${JSON.stringify({ version, files }, null, 1)}\n`);
      for (const path of pathsIn(folder)) compress(join(folder, path));
    },
  };
}

function pathsIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => statSync(join(folder, path)).isFile())
    .map((path) => relative(".", path).split(sep).join("/"))
    .sort();
}

function digestsOf(folder: string): Record<string, string> {
  return Object.fromEntries(
    pathsIn(folder).map((path) => [
      path,
      createHash("sha256")
        .update(readFileSync(join(folder, path)))
        .digest("hex"),
    ]),
  );
}

/** Everything but itself, each with its digest: another content is another service worker. */
function listKept(worker: string, digests: Record<string, string>): void {
  const kept = Object.entries(digests).filter(([path]) => path !== "sw.js");
  const source = readFileSync(worker, "utf8");
  if (!source.includes(KEPT)) throw new Error(`${worker} has no place for what it keeps`);
  writeFileSync(worker, source.replace(KEPT, JSON.stringify(JSON.stringify(kept)).slice(1, -1)));
}

function compress(path: string): void {
  const content = readFileSync(path);
  if (!COMPRESSED.test(path) || content.length < SMALLEST_COMPRESSED_BYTES) return;
  writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }));
  const smallest = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
  writeFileSync(`${path}.br`, brotliCompressSync(content, { params: smallest }));
}
