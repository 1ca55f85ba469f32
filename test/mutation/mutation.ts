import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { projectPath } from "../../daemon/ports/project-path.js";
import { type MutationReport, PARTS, type Part } from "./parts.js";
import { mutationPage } from "./report.js";

// Executable: Stryker on what keeps the arm safe, in a clone that it may spoil; what is committed counts.
// node dist/test/mutation/mutation.js --folder FOLDER [--of guard limiter] [--report test/mutation/REPORT.md]
// A part whose result lies in FOLDER already is not run again.

/** Tried together; not among what the project installs, since only this needs them. */
const STRYKER = ["@stryker-mutator/core@9.6.1", "@stryker-mutator/tap-runner@9.6.1"];
/** A mutant that waits for ever is found after this and half as long again as its tests take. */
const TIMEOUT_MS = 20_000;
/** Of each property's usual runs: what mutants are watched by is slow, and a tenth finds them as well. */
const TRIED = "0.1";

const { values } = parseArgs({
  options: {
    folder: { type: "string" },
    of: { type: "string", multiple: true, default: Object.keys(PARTS) },
    report: { type: "string" },
  },
});
if (values.folder === undefined || values.of.some((name) => !(name in PARTS))) {
  throw new Error(`say --folder FOLDER, and of --of only ${Object.keys(PARTS).join(", ")}`);
}
const folder = resolve(values.folder);
const clone = join(folder, "clone");

function say(words: string): void {
  process.stderr.write(`- ${words}\n`);
}

function inClone(command: string, args: readonly string[]): void {
  const { status } = spawnSync(command, args, {
    cwd: clone,
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: "skip", KINEVLA_RUNS: TRIED },
  });
  if (status !== 0) {
    throw new Error(`${command} ${args.join(" ")} ended with ${status}`);
  }
}

function resultOf(part: string): string {
  return join(folder, `${part}.json`);
}

function mutate(name: string, { mutate, tests }: Part): void {
  const found = join(folder, `${name}.running.json`);
  const config = {
    testRunner: "tap",
    plugins: ["@stryker-mutator/tap-runner"],
    mutate,
    inPlace: true,
    disableTypeChecks: false,
    concurrency: 1,
    coverageAnalysis: "perTest",
    timeoutMS: TIMEOUT_MS,
    // Beside other jobs the tests of a part take many times the five minutes of the default.
    dryRunTimeoutMinutes: 60,
    reporters: ["progress-append-only", "json"],
    jsonReporter: { fileName: found },
    tap: {
      testFiles: tests.flatMap((place) => testFiles(place)),
      nodeArgs: ["--test-reporter=tap", "-r", "{{hookFile}}", "{{testFile}}"],
      forceBail: true,
    },
  };
  writeFileSync(join(clone, "stryker.config.json"), JSON.stringify(config));
  inClone("npx", ["stryker", "run"]);
  renameSync(found, resultOf(name));
}

/** The compiled tests of a folder of `test`, or one of them. */
function testFiles(place: string): string[] {
  const path = join("dist", "test", place);
  return place.endsWith(".js")
    ? [path]
    : readdirSync(join(clone, path))
        .filter((file) => file.endsWith(".test.js"))
        .map((file) => join(path, file));
}

mkdirSync(folder, { recursive: true });
if (!existsSync(join(clone, "node_modules", "@stryker-mutator"))) {
  say(`a clone in ${clone}`);
  execFileSync("git", ["clone", "--quiet", projectPath(), clone]);
  inClone("npm", ["ci", "--no-audit", "--no-fund"]);
  inClone("npm", ["install", "--no-save", "--no-audit", "--no-fund", ...STRYKER]);
}
const commit = execFileSync("git", ["-C", clone, "rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim();
for (const name of values.of) {
  const part = PARTS[name];
  if (part !== undefined && !existsSync(resultOf(name))) {
    say(`mutants of ${name}`);
    // A run that was ended has left its mutants behind.
    inClone("npm", ["run", "-s", "build"]);
    mutate(name, part);
  }
}
const done = Object.keys(PARTS).filter((name) => existsSync(resultOf(name)));
const results = done.map((name): [string, MutationReport] => [name, JSON.parse(readFileSync(resultOf(name), "utf8"))]);
const page = mutationPage(results, commit, new Date().toISOString().slice(0, 10));
if (values.report === undefined) {
  process.stdout.write(page);
} else {
  writeFileSync(values.report, page);
}
