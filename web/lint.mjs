// Biome, as the program for this machine. Its npm package names programs for all machines, of which a mirror may lack some, and
// then no lock of it is complete; so package.json names those for Linux alone. Other systems go without.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(
  new URL(`./node_modules/@biomejs/cli-${process.platform}-${process.arch}/biome`, import.meta.url),
);
if (existsSync(program))
  process.exit(
    spawnSync(program, [...process.argv.slice(2), "--colors=off"], { stdio: "inherit" }).status ?? 1,
  );
process.stderr.write(
  `No Biome for ${process.platform}-${process.arch}: format and style of web/ were not checked.\n`,
);
