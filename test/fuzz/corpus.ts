import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { projectPath } from "../../daemon/ports/project-path.js";

function file(target: string): string {
  return projectPath("test", "fixtures", "fuzz", `${target}.json`);
}

/** Inputs kept for a target: each reached a block of our code before any other did, or was a finding once. */
export function readCorpus(target: string): readonly string[] {
  return existsSync(file(target)) ? JSON.parse(readFileSync(file(target), "utf8")) : [];
}

/** Adds inputs to those kept for a target. */
export function addToCorpus(target: string, inputs: readonly string[]): void {
  const all = [...new Set([...readCorpus(target), ...inputs])];
  writeFileSync(file(target), `${JSON.stringify(all, null, 1)}\n`);
}
