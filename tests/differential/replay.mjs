// Asks the engine for browsers what a recording says another was asked: node replay.mjs PKG RECORDING...
// One line of JSON for each recording: how long the engine took to begin and for each answer (ms), and the place of the first that differs.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const HEAD_BYTES = 5;

function* items(content) {
  let at = 0;
  while (at + HEAD_BYTES <= content.length) {
    const tag = String.fromCharCode(content[at]);
    const end = at + HEAD_BYTES + content.readUInt32BE(at + 1);
    if (end > content.length) return; // A killed process left half of it.
    yield [tag, content.subarray(at + HEAD_BYTES, end)];
    at = end;
  }
}

function answer(engine, what, given) {
  try {
    return what === "s" ? engine.step(given) : engine.view(given);
  } catch (error) {
    if (error.name !== "Refused") throw error;
    return Buffer.concat([Buffer.from([0xc1]), Buffer.from(`${error.code}: ${error.words}`)]);
  }
}

function replay(Engine, recording) {
  const rows = [];
  const took = [];
  let engine, key, got;
  let chain = Buffer.alloc(32);
  let begin_ms = 0;
  const timed = (work) => {
    const before = performance.now();
    const result = work();
    return [result, performance.now() - before];
  };
  for (const [tag, content] of items(readFileSync(recording))) {
    if (tag === "k") key = content;
    else if (tag === "v") rows.push([key, content]);
    else if (tag === "o") {
      if (!chain.equals(content)) {
        engine.free();
        return { recording, begin_ms, took_ms: took, differs_at: took.length - 1, got: Buffer.from(got).toString("base64") };
      }
    } else {
      let ms;
      if (engine === undefined) [engine, begin_ms] = timed(() => new Engine(rows));
      [got, ms] = timed(() => answer(engine, tag, content));
      took.push(ms);
      chain = createHash("sha256").update(chain).update(got).digest();
    }
  }
  engine?.free();
  return { recording, begin_ms, took_ms: took, differs_at: null, got: null };
}

const [pkg, ...recordings] = process.argv.slice(2);
const { Engine, initSync } = await import(pathToFileURL(join(pkg, "inmost_engine.js")));
initSync({ module: readFileSync(join(pkg, "inmost_engine_bg.wasm")) });
for (const recording of recordings) console.log(JSON.stringify(replay(Engine, recording)));
