import { spawnSync } from "node:child_process";
import { parseConfig } from "../../config/config.js";
import { ConfigError } from "../../config/yaml-file.js";
import { projectPath } from "../../ports/project-path.js";
import { CliError, EXIT, type ExitCode } from "../exit-code.js";
import { say, sayJson } from "../print.js";
import { CONFIG_FILE, ENABLED, type InstalledFile, ourFiles, type Place, theirFiles } from "./installation.js";
import { digest, Machine } from "./machine.js";

/** Options of `kinevla service`. */
export interface ServiceOptions {
  readonly root?: string;
  readonly dryRun?: true;
  readonly project?: string;
  readonly node?: string;
  readonly json?: true;
}

/** The maintainer's key (daemon/signing). */
const SIGNER = "/etc/kinevla/maintainer.pub";
/** What was installed, so that exactly that is removed: paths with the SHA-256 of their text. Root's alone. */
const RECORD = "/etc/kinevla/installed.json";

/** Installs units, rules and user, or brings them up to date; starts nothing. */
export function runInstall(options: ServiceOptions): ExitCode {
  const machine = machineFor(options);
  const place = placeOf(options);
  const theirs = theirFiles(place);
  const ours = ourFiles(place, configOf(machine, theirs));
  for (const file of [...theirs, ...ours]) {
    machine.write(file);
  }
  const before = readRecord(machine);
  for (const path of Object.keys(before).filter((path) => !ours.some((file) => file.path === path))) {
    removeOurs(machine, path, before[path] ?? "");
  }
  const record = Object.fromEntries(ours.map(({ path, text }) => [path, digest(text)]));
  const text = `${JSON.stringify(record, null, 2)}\n`;
  machine.write({ path: RECORD, text, mode: 0o644, theirs: false, secret: false });
  machine.run({ words: ["systemd-sysusers"], live: false, optional: false });
  machine.run({ words: ["systemctl", "daemon-reload"], live: true, optional: false });
  machine.run({ words: ["udevadm", "control", "--reload"], live: true, optional: true });
  machine.run({ words: ["udevadm", "trigger", "--subsystem-match=tty"], live: true, optional: true });
  machine.run({ words: ["udevadm", "trigger", "--subsystem-match=video4linux"], live: true, optional: true });
  machine.run({ words: ["systemctl", "enable", ...ENABLED], live: false, optional: false });
  say(
    options.dryRun
      ? "Nothing was changed."
      : `Installed. Look through ${CONFIG_FILE}, then: kinevla doctor --config ${CONFIG_FILE}`,
  );
  if (!options.dryRun) {
    say("After changing it run this again. Start with: systemctl start kinevla.target");
    say(`With ${SIGNER} there, only files that its owner has signed are used: kinevla key create --help`);
  }
  return EXIT.done;
}

/** Stops the services and removes what was installed; configuration, token, recordings and logs stay. */
export function runUninstall(options: ServiceOptions): ExitCode {
  const machine = machineFor(options);
  if (!machine.exists(RECORD)) {
    throw new CliError(
      EXIT.refused,
      "not-installed",
      `Nothing is installed: there is no ${RECORD}.`,
      "kinevla service install",
    );
  }
  machine.run({ words: ["systemctl", "stop", ...ENABLED], live: true, optional: false });
  machine.run({ words: ["systemctl", "disable", ...ENABLED], live: false, optional: false });
  for (const [path, installed] of Object.entries(readRecord(machine))) {
    removeOurs(machine, path, installed);
  }
  machine.remove(RECORD);
  machine.run({ words: ["systemctl", "daemon-reload"], live: true, optional: false });
  machine.run({ words: ["udevadm", "control", "--reload"], live: true, optional: true });
  say(
    "Kept: /etc/kinevla (configuration, limits, token), /var/lib/kinevla (recordings), the logs, and the user kinevla, who owns them.",
  );
  return EXIT.done;
}

/** Says whether the installation is whole and the services run. */
export function runStatus(options: ServiceOptions): ExitCode {
  const machine = machineFor({ ...options, dryRun: true });
  if (!machine.exists(RECORD)) {
    throw new CliError(EXIT.unhealthy, "not-installed", "The services are not installed.", "kinevla service install");
  }
  const place = placeOf(options);
  const files = ourFiles(place, configOf(machine, theirFiles(place))).map((file) => ({
    path: file.path,
    state: machine.difference(file),
  }));
  const units = machine.root === null ? ENABLED.map(stateOf) : [];
  const wrong = files.filter(({ state }) => state !== "same");
  const whole = wrong.length === 0 && units.every(({ active }) => active === "active");
  if (options.json) {
    sayJson({ files, units, whole });
    return whole ? EXIT.done : EXIT.unhealthy;
  }
  for (const { unit, active, words } of units) {
    say(`${active.padEnd(10)} ${unit.padEnd(26)} ${words}`);
  }
  for (const { path, state } of wrong) {
    say(`${state === "new" ? "missing" : "differs"}    ${path}  -> kinevla service install`);
  }
  say(`${files.length - wrong.length} of ${files.length} files are as they should be.`);
  return whole ? EXIT.done : EXIT.unhealthy;
}

function machineFor({ root, dryRun }: ServiceOptions): Machine {
  if (root === undefined && !dryRun && process.getuid?.() !== 0) {
    throw new CliError(
      EXIT.refused,
      "not-root",
      "Only root may do this.",
      "Run it with sudo; --dry-run shows what it would do.",
    );
  }
  return new Machine(root ?? null, !dryRun, say);
}

function placeOf({ project, node }: ServiceOptions): Place {
  return { project: project ?? projectPath(), node: node ?? process.execPath };
}

/** The machine's configuration; before the first installation the one that will be written. */
function configOf(machine: Machine, theirs: readonly InstalledFile[]) {
  const shipped = theirs.find(({ path }) => path === CONFIG_FILE)?.text ?? "";
  try {
    return parseConfig(machine.exists(CONFIG_FILE) ? machine.read(CONFIG_FILE) : shipped, CONFIG_FILE);
  } catch (error) {
    if (error instanceof ConfigError) {
      throw new CliError(EXIT.usage, "configuration", error.message, "Correct the named lines, then run this again.");
    }
    throw error;
  }
}

function readRecord(machine: Machine): Readonly<Record<string, string>> {
  return machine.exists(RECORD) ? JSON.parse(machine.read(RECORD)) : {};
}

function removeOurs(machine: Machine, path: string, installed: string): void {
  if (!machine.exists(path)) {
    return;
  }
  if (digest(machine.read(path)) === installed) {
    machine.remove(path);
  } else {
    say(`keep, it was changed: ${path}`);
  }
}

/** What the service manager says of a unit. */
function stateOf(unit: string): { readonly unit: string; readonly active: string; readonly words: string } {
  const fields = ["ActiveState", "SubState", "Result", "NRestarts", "StatusText"];
  const { stdout, stderr, status, error } = spawnSync("systemctl", ["show", `--property=${fields.join(",")}`, unit], {
    encoding: "utf8",
  });
  if (status !== 0) {
    return { unit, active: "unknown", words: error?.message ?? stderr.trim() };
  }
  const found = Object.fromEntries(
    stdout
      .trim()
      .split("\n")
      .map((line) => line.split(/=(.*)/s, 2)),
  );
  const restarts = Number(found.NRestarts ?? 0) > 0 ? `, restarted ${found.NRestarts} times` : "";
  const result = (found.Result ?? "success") === "success" ? "" : `, ${found.Result}`;
  return { unit, active: found.ActiveState ?? "unknown", words: `${found.StatusText ?? ""}${result}${restarts}` };
}
