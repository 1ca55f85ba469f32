import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomSource } from "../random-source.js";
import { type CrashFigures, killRecorders } from "../recorder/crash.js";

/** Kills of `kinevla record repair`, besides. */
const REPAIRS = 20;

/** Kills a recorder process at random instants; says what became of every episode. */
export async function benchRecorder(kills: number): Promise<CrashFigures & { readonly seconds: number }> {
  const folder = mkdtempSync(join(tmpdir(), "kinevla-recordings-"));
  const begun = performance.now();
  try {
    const run = { kills, withinMs: Number.POSITIVE_INFINITY, repairs: REPAIRS, signal: new AbortController().signal };
    const figures = await killRecorders(folder, run, randomSource(1));
    return { ...figures, seconds: (performance.now() - begun) / 1000 };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
