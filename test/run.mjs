// `npm test`: installs what is missing, then runs every check: format and lint, training's tests, all tests of the daemon.
// `npm test -- guard rm75` runs only the tests of those folders.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { explain, root, setUp, setUpLerobot, setUpMcap, setUpTraining, step } from "../systemd/setup.mjs";

const wanted = process.argv.slice(2);
// Only a test that hangs takes so long, also on a loaded machine.
const TEST_TIMEOUT_MS = "300000";

function testFiles() {
  const folder = join(root, "test");
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".test.ts"))
    .map((entry) => relative(folder, join(entry.parentPath ?? entry.path, entry.name)))
    .filter((file) => wanted.length === 0 || wanted.some((name) => file.startsWith(name)))
    .map((file) => join(root, "dist", "test", file.replace(/\.ts$/, ".js")))
    .sort();
}

function run(title, command, args, options = {}) {
  process.stderr.write(`- ${title}\n`);
  return spawnSync(command, args, { cwd: root, stdio: "inherit", ...options }).status ?? 1;
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
failures += run(`Tests of the daemon (${files.length} files)`, process.execPath, ["--enable-source-maps", "--test", "--test-timeout", TEST_TIMEOUT_MS, "--test-reporter=spec", ...files]) === 0 ? 0 : 1;
process.exit(failures === 0 ? 0 : 1);
