import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { projectPath } from "../../daemon/ports/project-path.js";
import { type FileResult, type MutationReport, PARTS, type Part } from "./parts.js";
import { fileResult, mutationPage } from "./report.js";

// Executable: Stryker on what keeps the arm safe, in a clone that it may spoil; what is committed counts.
// node dist/test/mutation/mutation.js --folder FOLDER [--of guard --of limiter]
// Files go one after the other; one whose result lies in FOLDER already is not run again. Each goes into results.json, and
// REPORT.md is written from all of that.

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

function resultOf(part: string, file: string): string {
  return join(folder, `${part}-${basename(file, ".js")}.json`);
}

function mutate(part: string, file: string, tests: Part["tests"]): void {
  const running = join(folder, "running.json");
  writeFileSync(running, JSON.stringify({ files: {} } satisfies MutationReport));
  const config = {
    testRunner: "tap",
    plugins: ["@stryker-mutator/tap-runner"],
    mutate: [file],
    inPlace: true,
    disableTypeChecks: false,
    concurrency: 1,
    coverageAnalysis: "perTest",
    timeoutMS: TIMEOUT_MS,
    // Beside other jobs the tests of a part take many times the five minutes of the default.
    dryRunTimeoutMinutes: 60,
    reporters: ["progress-append-only", "json"],
    jsonReporter: { fileName: running },
    tap: {
      testFiles: [...new Set(tests.flatMap((place) => filesOf(join("dist", "test", place), ".test.js")))],
      nodeArgs: ["--test-reporter=tap", "-r", "{{hookFile}}", "{{testFile}}"],
      forceBail: true,
    },
  };
  writeFileSync(join(clone, "stryker.config.json"), JSON.stringify(config));
  inClone("npx", ["stryker", "run"]);
  renameSync(running, resultOf(part, file));
}

/** A compiled file, or those of a folder that end so. */
function filesOf(place: string, ending: string): string[] {
  return place.endsWith(".js")
    ? [place]
    : readdirSync(join(clone, place))
        .filter((file) => file.endsWith(ending))
        .map((file) => join(place, file));
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
  if (part !== undefined) {
    // A run that was ended has left its mutants behind, and nothing is compiled anew that this file calls done.
    rmSync(join(clone, "dist", ".tsbuildinfo"), { force: true });
    inClone("npm", ["run", "-s", "build"]);
    const files = part.mutate.flatMap((place) => filesOf(place, ".js"));
    for (const file of files.filter((one) => !existsSync(resultOf(name, one)))) {
      say(`mutants of ${name}: ${file}`);
      mutate(name, file, part.tests);
      keep(name, file, files);
    }
  }
}

/** Puts one file's result in its place among those of its part; what the part no longer has goes. */
function keep(part: string, file: string, files: readonly string[]): void {
  const kept = projectPath("test", "mutation", "results.json");
  const before: readonly FileResult[] = JSON.parse(readFileSync(kept, "utf8"));
  const report: MutationReport = JSON.parse(readFileSync(resultOf(part, file), "utf8"));
  const named = (path: string): string => path.replace(/^dist\//, "");
  const result = fileResult({ part, file: named(file), commit, date: new Date().toISOString().slice(0, 10) }, report);
  const others = before.filter((one) => one.part !== part || one.file !== result.file);
  const results = Object.keys(PARTS).flatMap((name) => {
    const its = [...others, result].filter((one) => one.part === name);
    return name === part ? files.flatMap((path) => its.filter((one) => one.file === named(path))) : its;
  });
  writeFileSync(kept, `${JSON.stringify(results, null, 2)}\n`);
  writeFileSync(projectPath("test", "mutation", "REPORT.md"), mutationPage(results));
}
