// Installs what the project needs on a fresh Debian or Ubuntu machine, then builds it.
// Runs before anything is installed, so it is plain JavaScript without packages.
// `npm start` and `npm test` call it; a second run finds everything in place and takes about a second.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { availableParallelism, homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
export const cacheFolder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "kinevla");
const verbose = process.env.KINEVLA_SETUP_VERBOSE === "1";

/** Debian packages, and why each is needed. */
const systemPackages = {
  "libopencv-dev": "OpenCV, which opens the cameras",
  "g++": "compiles the OpenCV addon",
  make: "compiles the OpenCV addon",
  python3: "drives the compilation of the addon",
  "util-linux": "chrt, which gives the arm's stream real-time scheduling",
};

/** More of them, for the tests alone. */
const testPackages = {
  ffmpeg: "decodes and encodes the pictures of exported data sets",
  "python3-venv": "the training program's own tests",
  socat: "serial lines and datagrams for tests",
  systemd: "systemd-analyze and systemctl, which check the service units",
};

const hintApt = "Is the network there, is the disk full, does another apt run? Then run this again.";
const hintNpm = "Is npm installed, is the network there, is the disk full, may this user write here? Then run this again.";

class SetupError extends Error {}

function say(text) {
  process.stderr.write(`${text}\n`);
}

/** Runs a command, throws with `hint` when it fails; shows that it is alive at least every two seconds on a terminal, every 20 s elsewhere. */
export async function step(title, command, args, { hint = "Remove the cause, then run this again.", ...options } = {}) {
  const startedAt = Date.now();
  const terminal = process.stderr.isTTY;
  const output = [];
  if (!terminal) {
    say(`- ${title} …`);
  }
  const code = await new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"], ...options });
    let last = "";
    const take = (data) => {
      output.push(data);
      last = data.toString().trim().split("\n").at(-1)?.slice(0, 60) ?? last;
      if (verbose) {
        process.stderr.write(data);
      }
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    const seconds = () => `${Math.round((Date.now() - startedAt) / 1000)} s`;
    const beat = setInterval(
      () => (terminal ? process.stderr.write(`\r\x1b[2K- ${title} … ${seconds()}  ${last}`) : say(`  ${title}: ${seconds()}`)),
      terminal ? 500 : 20_000,
    );
    child.on("error", (error) => {
      output.push(Buffer.from(String(error)));
      clearInterval(beat);
      resolve(127);
    });
    child.on("close", (status) => {
      clearInterval(beat);
      resolve(status ?? 1);
    });
  });
  const took = ((Date.now() - startedAt) / 1000).toFixed(1);
  if (code !== 0) {
    process.stderr.write(terminal ? "\r\x1b[2K" : "");
    const said = Buffer.concat(output).toString().trim().slice(-4000);
    throw new SetupError(`${title} failed with code ${code} (${command} ${args.join(" ")})${said === "" ? "" : `:\n${said}`}\n${hint}`);
  }
  process.stderr.write(terminal ? `\r\x1b[2K✓ ${title} (${took} s)\n` : `  done: ${title} (${took} s)\n`);
  return Buffer.concat(output).toString();
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    throw new SetupError(`Node ${process.versions.node} is too old: install Node 20.19 or newer, then run this again.`);
  }
}

function missingPackages(wanted) {
  return Object.keys(wanted).filter((name) => {
    const query = spawnSync("dpkg-query", ["-W", "-f=${Status}", name], { encoding: "utf8" });
    return query.status !== 0 || !query.stdout.includes("install ok installed");
  });
}

/** Makes sure that sudo works without a further question; throws with what an administrator has to run where it does not. */
function allowSudo(command) {
  const probe = spawnSync("sudo", ["-n", "true"]);
  if (probe.error !== undefined) {
    throw new SetupError(`Installing them needs root, and there is no sudo here. Run this once as root, then this again:\n  ${command}`);
  }
  if (probe.status !== 0 && !(process.stdin.isTTY && spawnSync("sudo", ["-v"], { stdio: "inherit" }).status === 0)) {
    throw new SetupError(`Installing them needs root, and sudo was refused. Let an administrator run this once, then run this again:\n  sudo ${command}`);
  }
}

async function installSystemPackages(wanted) {
  if (spawnSync("dpkg-query", ["--version"]).status !== 0) {
    say("This is no Debian or Ubuntu machine; these must be there already:");
    for (const [name, why] of Object.entries(wanted)) {
      say(`  ${name}: ${why}`);
    }
    return;
  }
  const missing = missingPackages(wanted);
  if (missing.length === 0) {
    return;
  }
  say("These system packages are missing:");
  for (const name of missing) {
    say(`  ${name}: ${wanted[name]}`);
  }
  const prefix = process.getuid?.() === 0 ? [] : ["sudo"];
  if (prefix.length > 0) {
    allowSudo(`apt-get install -y --no-install-recommends ${missing.join(" ")}`);
  }
  say("They are installed with apt-get now.");
  const apt = (...args) => [...prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", ...args];
  const [update, ...updateArgs] = apt("update");
  await step("Reading the package lists", update, updateArgs, { hint: hintApt });
  const [install, ...installArgs] = apt("install", "-y", "--no-install-recommends", ...missing);
  await step(`Installing ${missing.length} system packages`, install, installArgs, { hint: hintApt });
}

function npmEnvironment(extra = {}) {
  return {
    ...process.env,
    // The CUDA libraries are a separate, documented step (models/README.md); without this the install needs their host.
    ONNXRUNTIME_NODE_INSTALL: "skip",
    // Use the system's OpenCV instead of fetching and compiling its sources.
    OPENCV4NODEJS_DISABLE_AUTOBUILD: "1",
    JOBS: String(availableParallelism()),
    ...extra,
  };
}

function sha256(...parts) {
  const hash = createHash("sha256");
  for (const part of parts) {
    hash.update(part);
  }
  return hash.digest("hex");
}

/** Headers of the running Node for node-gyp: the system's where they are, else those of the npm package that carries Node itself. */
async function nodeHeaders() {
  const beside = dirname(dirname(process.execPath));
  for (const folder of [beside, "/usr"]) {
    const header = join(folder, "include", "node", "node_version.h");
    if (existsSync(header)) {
      const text = readFileSync(header, "utf8");
      if (text.includes(`NODE_MAJOR_VERSION ${process.versions.node.split(".")[0]}\n`)) {
        return folder;
      }
    }
  }
  const carrier = `node-linux-${process.arch}`;
  const folder = join(cacheFolder, `node-headers-${process.versions.node}`);
  const found = join(folder, "node_modules", carrier);
  const header = join(found, "include", "node", "node.h");
  if (!existsSync(header)) {
    mkdirSync(folder, { recursive: true });
    const args = ["install", "--no-save", "--ignore-scripts", "--prefix", folder, `${carrier}@${process.versions.node}`];
    await step("Fetching Node's headers", "npm", args, { env: npmEnvironment() });
  }
  if (!existsSync(header)) {
    throw new SetupError(`Node's headers were not found: install the package that carries /usr/include/node for Node ${process.versions.node}.`);
  }
  return found;
}

async function installNpmPackages() {
  const stamp = join(root, "node_modules", ".kinevla-installed");
  const lock = readFileSync(join(root, "package-lock.json"));
  const key = sha256(lock, process.version);
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === key) {
    return;
  }
  await step("Installing npm packages", "npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { env: npmEnvironment(), hint: hintNpm });
  await buildOpenCv();
  writeFileSync(stamp, key);
}

/** The addon takes minutes to compile, so its binary is kept per Node, OpenCV and addon version. */
async function buildOpenCv() {
  const folder = join(root, "node_modules", "opencv4nodejs");
  const binary = join(folder, "build", "Release", "opencv4nodejs.node");
  const version = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).version;
  const system = spawnSync("dpkg-query", ["-W", "-f=${Version}", "libopencv-dev"], { encoding: "utf8" }).stdout || "unknown";
  const key = sha256(version, system, process.versions.modules, process.arch).slice(0, 16);
  const cached = join(cacheFolder, `opencv4nodejs-${version}-${key}.node`);
  if (!existsSync(cached)) {
    const headers = await nodeHeaders();
    const gyp = join(root, "node_modules", "node-gyp", "bin", "node-gyp.js");
    const args = [gyp, "rebuild", `--nodedir=${headers}`, "-j", String(availableParallelism())];
    await step("Compiling the OpenCV addon (3 to 8 minutes, once)", process.execPath, args, { cwd: folder, env: npmEnvironment() });
    if (!existsSync(binary)) {
      throw new SetupError("The OpenCV addon was not built; run again with KINEVLA_SETUP_VERBOSE=1 to see why.");
    }
    mkdirSync(cacheFolder, { recursive: true });
    copyFileSync(binary, `${cached}.${process.pid}`);
    renameSync(`${cached}.${process.pid}`, cached);
  } else {
    mkdirSync(dirname(binary), { recursive: true });
    copyFileSync(cached, binary);
  }
}

function newestChange(folder) {
  let newest = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isFile() && /\.(ts|json)$/.test(entry.name)) {
      newest = Math.max(newest, statSync(join(entry.parentPath ?? entry.path, entry.name)).mtimeMs);
    }
  }
  return newest;
}

async function build() {
  const stamp = join(root, "dist", ".kinevla-built");
  const sources = ["daemon", "drivers", "models", "calibration", "test"].map((name) => join(root, name)).filter(existsSync);
  const newest = Math.max(...sources.map(newestChange), statSync(join(root, "package.json")).mtimeMs);
  if (existsSync(stamp) && statSync(stamp).mtimeMs > newest) {
    return;
  }
  await step("Building", "npm", ["run", "--silent", "build"]);
  writeFileSync(stamp, "");
}

/** Brings the machine and this folder to where the project runs; throws with what to do where it cannot. */
export async function setUp({ tests = false } = {}) {
  checkNode();
  await installSystemPackages(tests ? { ...systemPackages, ...testPackages } : systemPackages);
  await installNpmPackages();
  await build();
}

/** Makes the Python environment of models/training once per content of its requirements; gives its interpreter. */
export async function setUpTraining() {
  const requirements = join(root, "models", "training", "requirements.txt");
  const folder = join(cacheFolder, `training-${sha256(readFileSync(requirements)).slice(0, 16)}`);
  const python = join(folder, "bin", "python");
  if (!existsSync(join(folder, "complete"))) {
    await step("Making the Python environment", "python3", ["-m", "venv", "--clear", folder]);
    await step("Installing PyTorch and ONNX (about 6 GB, once)", python, ["-m", "pip", "install", "--quiet", "-r", requirements]);
    writeFileSync(join(folder, "complete"), "");
  }
  return python;
}

/** Makes the environment that reads exported data sets back with the package lerobot: a layer over that of training, which has PyTorch. */
export async function setUpLerobot() {
  const training = await setUpTraining();
  const requirements = join(root, "test", "dataset", "requirements.txt");
  const folder = join(cacheFolder, `lerobot-${sha256(readFileSync(requirements), training).slice(0, 16)}`);
  const python = join(folder, "bin", "python");
  if (!existsSync(join(folder, "complete"))) {
    await step("Making the environment of lerobot", training, ["-m", "venv", "--clear", folder]);
    const layer = 'import sysconfig; print(sysconfig.get_paths()["purelib"])';
    const place = (interpreter) => spawnSync(interpreter, ["-c", layer], { encoding: "utf8" }).stdout.trim();
    writeFileSync(join(place(python), "training.pth"), `${place(training)}\n`);
    // The list is complete, and lerobot's own would bring a second PyTorch.
    await step("Installing lerobot (about 500 MB, once)", python, ["-m", "pip", "install", "--quiet", "--no-deps", "-r", requirements]);
    writeFileSync(join(folder, "complete"), "");
  }
  return python;
}

/** Makes the environment that reads recordings with the package mcap, which is not ours. */
export async function setUpMcap() {
  const requirements = join(root, "test", "recorder", "requirements.txt");
  const folder = join(cacheFolder, `mcap-${sha256(readFileSync(requirements)).slice(0, 16)}`);
  const python = join(folder, "bin", "python");
  if (!existsSync(join(folder, "complete"))) {
    await step("Making the environment of mcap", "python3", ["-m", "venv", "--clear", folder]);
    await step("Installing mcap (10 MB, once)", python, ["-m", "pip", "install", "--quiet", "--no-deps", "-r", requirements]);
    writeFileSync(join(folder, "complete"), "");
  }
  return python;
}

/** Ends the process with the reason when a set-up step failed. */
export function explain(error) {
  if (error?.syscall !== undefined) {
    say(`${error.message}\nIs the disk full, or may this user not write there? Then run this again.`);
  } else {
    say(error instanceof SetupError ? error.message : String(error?.stack ?? error));
  }
  process.exit(1);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  setUp({ tests: process.argv.includes("--tests") }).catch(explain);
}
