// After a build: a .br and a .gz beside each file that gets smaller by it, and the size of the first page.
// The first page is what the browser loads to show the sign-in: the entry of the manifest, and all that it imports.
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const BUDGET_BYTES = 180_000;
const TEXTS = /\.(js|css|html|svg|json|txt)$/;
const folder = process.argv[2];

function* files(path) {
  for (const name of readdirSync(path)) {
    const file = join(path, name);
    if (statSync(file).isDirectory()) yield* files(file);
    else yield file;
  }
}

const small = new Map();
for (const file of files(folder)) {
  if (!TEXTS.test(file)) continue;
  const source = readFileSync(file);
  const brotli = brotliCompressSync(source, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: source.length },
  });
  if (brotli.length < source.length) writeFileSync(`${file}.br`, brotli);
  const gzip = gzipSync(source, { level: 9 });
  if (gzip.length < source.length) writeFileSync(`${file}.gz`, gzip);
  small.set(file, Math.min(brotli.length, source.length));
}

const manifest = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf-8"));
const first = new Set();
const visit = (key) => {
  const chunk = manifest[key];
  if (first.has(chunk.file)) return;
  first.add(chunk.file);
  for (const other of chunk.imports ?? []) visit(other);
};
for (const [key, chunk] of Object.entries(manifest)) if (chunk.isEntry) visit(key);
const bytes = [...first].reduce((sum, file) => sum + small.get(join(folder, file)), 0);
writeFileSync(
  join(folder, "size.json"),
  `${JSON.stringify({ first_page_js_bytes: bytes, budget_bytes: BUDGET_BYTES })}\n`,
);
process.stdout.write(
  `The first page loads ${Math.round(bytes / 1000)} kB of JavaScript (brotli); ${BUDGET_BYTES / 1000} kB are allowed.\n`,
);
if (bytes > BUDGET_BYTES) process.exit(1);
