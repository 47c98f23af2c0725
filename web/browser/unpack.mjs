// Unpack Chromium, the libraries that a slim system lacks, fonts and axe-core from node_modules into the folder beside it.
// The package's own way is not used: it takes whatever version lies in the temporary folder, and switches web security off.
import { createReadStream, createWriteStream } from "node:fs";
import { chmod, copyFile, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { createBrotliDecompress } from "node:zlib";
import tar from "tar-fs";

const [folder, documentFonts] = process.argv.slice(2).map((path) => resolve(path));
const modules = join(folder, "node_modules");
const packed = join(modules, "@sparticuz", "chromium", "bin");
const unpacked = (name) => [createReadStream(join(packed, name)), createBrotliDecompress()];

await pipeline(...unpacked("chromium.br"), createWriteStream(join(folder, "chromium")));
await chmod(join(folder, "chromium"), 0o755);
await pipeline(...unpacked("al2023.tar.br"), tar.extract(join(folder, "al2023")));
// The same letters on every machine: those of our documents (Noto Sans with Devanagari), and some of equal widths.
await mkdir(join(folder, "fonts"));
const monospace = join(modules, "dejavu-fonts-ttf", "ttf");
for (const [source, names] of [
  [monospace, ["DejaVuSansMono.ttf", "DejaVuSansMono-Bold.ttf"]],
  [documentFonts, (await readdir(documentFonts)).filter((name) => name.endsWith(".ttf"))],
]) {
  for (const name of names) await copyFile(join(source, name), join(folder, "fonts", name));
}
const preferred = (family, font) => `<alias binding="same"><family>${family}</family><prefer><family>${font}</family></prefer></alias>`;
await writeFile(
  join(folder, "fonts.conf"),
  `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
<dir prefix="relative">fonts</dir>
<cachedir prefix="xdg">fontconfig</cachedir>
${preferred("sans-serif", "Noto Sans")}
${["monospace", "ui-monospace"].map((family) => preferred(family, "DejaVu Sans Mono")).join("\n")}
<match><edit name="family" mode="append_last"><string>Noto Sans</string></edit></match>
</fontconfig>
`,
);
await copyFile(join(modules, "axe-core", "axe.min.js"), join(folder, "axe.min.js"));
// What was unpacked is twice as large again.
await rm(modules, { recursive: true });
