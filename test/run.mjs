// `npm test`: installs what is missing, then runs every check: format and lint, training's tests, all tests of the daemon, and
// that those of guard, limiter, modes and codec leave no line and no branch out.
// `npm test -- guard rm75` runs only the tests of those folders.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { explain, root, setUp, setUpLerobot, setUpMcap, setUpTraining, step } from "../systemd/setup.mjs";

const wanted = process.argv.slice(2);
// Only a test that hangs takes so long, also on a loaded machine.
const TEST_TIMEOUT_MS = "300000";
// More failures than these are a fault of the project, not a stall of the machine.
const MOST_REPEATED = 3;

/** Of a test's source, relative to `test/`. */
function compiled(file) {
  return join(root, "dist", "test", file.replace(/\.ts$/, ".js"));
}

/** The runner names some failures by their source and some by what was compiled of it. */
function sourceOf(file) {
  const folder = file.startsWith(join(root, "dist")) ? join(root, "dist", "test") : join(root, "test");
  return relative(folder, file).replace(/\.js$/, ".ts");
}

function testFiles() {
  const folder = join(root, "test");
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".test.ts"))
    .map((entry) => relative(folder, join(entry.parentPath ?? entry.path, entry.name)))
    .filter((file) => wanted.length === 0 || wanted.some((name) => file.startsWith(name)))
    .map(compiled)
    .sort();
}

function run(title, command, args, options = {}) {
  process.stderr.write(`- ${title}\n`);
  return spawnSync(command, args, { cwd: root, stdio: "inherit", ...options }).status ?? 1;
}

/** Runs test files and gives the sources of those that failed; null where the runner itself did not end well. */
function runFiles(title, files) {
  const folder = mkdtempSync(join(tmpdir(), "kinevla-tests-"));
  const list = join(folder, "failed");
  try {
    const reporters = [
      "--test-reporter=spec",
      "--test-reporter-destination=stdout",
      `--test-reporter=${join(root, "test", "failed-files.mjs")}`,
      `--test-reporter-destination=${list}`,
    ];
    const status = run(title, process.execPath, ["--enable-source-maps", "--test", "--test-timeout", TEST_TIMEOUT_MS, ...reporters, ...files]);
    const lines = readFileSync(list, "utf8").split("\n").filter((line) => line !== "");
    const failed = [...new Set(lines.map(sourceOf))];
    return status === 0 || failed.length > 0 ? failed : null;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * A stall of a shared machine makes the guard stop the arm, as it must, in the middle of a test of the running system.
 * So the files of a few failures run once more, by themselves; what fails twice, and many failures, stay failures.
 */
function testDaemon(files) {
  const failed = runFiles(`Tests of the daemon (${files.length} files)`, files);
  // A shared contract's failure names the contract's file, which runs nothing by itself.
  const repeatable = failed?.every((file) => files.includes(compiled(file))) ?? false;
  if (!repeatable || failed.length > MOST_REPEATED) {
    return 1;
  }
  if (failed.length === 0) {
    return 0;
  }
  const names = failed.join(", ");
  const again = runFiles(`Failed, and run once more: ${names}`, failed.map(compiled));
  const passed = again !== null && again.length === 0;
  process.stderr.write(passed ? `Failed once and passed when run again: ${names}\n` : `Failed twice: ${names}\n`);
  return passed ? 0 : 1;
}

/** Covered to the last line and branch, by these tests alone. */
const COVERED = {
  sources: [
    "daemon/guard/*",
    "daemon/modes/*",
    "daemon/motion/{clear-step,joint-braking,limiter,motion-state,stopping-ramp}.*",
    "drivers/rm75/{codec,json-object,line-splitter,message-decoder,state-fields}.*",
  ],
  tests: ["guard", "modes", "motion", "rm75/codec", "rm75/properties", "rm75/wire-values"].map((name) => join(root, "dist", "test", name)),
};

/** The tests of what keeps the arm safe, which must leave no line and no branch of it out. */
function testCovered(files) {
  const folder = mkdtempSync(join(tmpdir(), "kinevla-coverage-"));
  try {
    // A source counts by its own name and by that of what was compiled of it.
    const sources = COVERED.sources.flatMap((source) => ["--include", source, "--include", `dist/${source}`]);
    const rules = ["--check-coverage", "--lines", "100", "--branches", "100", "--temp-directory", folder, ...sources];
    const tests = [process.execPath, "--enable-source-maps", "--test", "--test-timeout", TEST_TIMEOUT_MS, "--test-reporter=spec", ...files];
    const c8 = join(root, "node_modules", ".bin", "c8");
    return run(`Tests of guard, limiter, modes and codec, and their coverage (${files.length} files)`, c8, [...rules, ...tests]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

let failures = 0;
try {
  await setUp({ tests: true });
  if (wanted.length === 0) {
    await step("Checking format and lint", join(root, "node_modules", ".bin", "biome"), ["check", "."]);
    const python = await setUpTraining();
    failures += run("Tests of models/training", python, ["-m", "pytest", "-q", "models/training/tests"]) === 0 ? 0 : 1;
  }
  if (wanted.length === 0 || wanted.includes("dataset")) {
    await setUpLerobot();
  }
  if (wanted.length === 0 || wanted.includes("recorder")) {
    await setUpMcap();
  }
} catch (error) {
  explain(error);
}
const files = testFiles().filter((file) => existsSync(file));
if (files.length === 0) {
  process.stderr.write(`No tests in: ${wanted.join(", ")}\n`);
  process.exit(1);
}
const isCovered = (file) => COVERED.tests.some((name) => file.startsWith(name));
if (wanted.length === 0) {
  failures += testCovered(files.filter(isCovered)) === 0 ? 0 : 1;
}
failures += testDaemon(wanted.length === 0 ? files.filter((file) => !isCovered(file)) : files);
process.exit(failures === 0 ? 0 : 1);
