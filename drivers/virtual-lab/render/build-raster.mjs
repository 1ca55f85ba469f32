// Compiles the rasteriser to dist/drivers/virtual-lab/render/raster.wasm when its source is newer.
import { mkdirSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

const here = dirname(fileURLToPath(import.meta.url));
const sources = join(here, "assembly");
const folder = join(here, "..", "..", "..", "dist", "drivers", "virtual-lab", "render");
const target = join(folder, "raster.wasm");
const changedAt = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

const newest = Math.max(...readdirSync(sources).map((name) => changedAt(join(sources, name))));

if (changedAt(target) <= newest) {
  mkdirSync(folder, { recursive: true });
  const { error, stderr } = await asc.main([
    join(sources, "raster.ts"),
    "--outFile",
    target,
    "-O3",
    "--converge",
    "--noAssert",
    "--enable",
    "simd",
    "--runtime",
    "stub",
    "--use",
    "abort=",
  ]);
  if (error) {
    process.stderr.write(`${stderr.toString()}\n${error.message}\n`);
    process.exitCode = 1;
  }
}
