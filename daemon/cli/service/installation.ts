import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { isIP } from "node:net";
import { join } from "node:path";
import { parseDocument } from "yaml";
import type { Config } from "../../config/config.js";
import { projectPath } from "../../ports/project-path.js";
import { CliError, EXIT } from "../exit-code.js";

/** Where the configuration stands on a machine with services. */
export const CONFIG_FILE = "/etc/kinevla/kinevla.yaml";
const LIMITS_FILE = "/etc/kinevla/limits-rm75b.yaml";
/** Root's copy of the operators' token; the daemon sees it by LoadCredential=. */
const TOKEN_FILE = "/etc/kinevla/operator.token";
/** Where systemd puts the daemon's credentials (systemd.exec(5), LoadCredential=). */
const CREDENTIAL = "/run/credentials/kinevla-daemon.service/operator.token";
const UNITS = "/etc/systemd/system";

/** One file of an installation. */
export interface InstalledFile {
  /** Absolute, on the machine that it is for. */
  readonly path: string;
  readonly text: string;
  readonly mode: number;
  /** It belongs to the people there once it exists: never overwritten, never removed. */
  readonly theirs: boolean;
  /** Not to be shown. */
  readonly secret: boolean;
}

/** Where the program stands on the machine that the installation is for. */
export interface Place {
  /** Folder of the project. */
  readonly project: string;
  /** The Node that runs it. */
  readonly node: string;
}

/** What belongs to whoever runs the machine: configuration, limits, token. */
export function theirFiles({ project }: Place): readonly InstalledFile[] {
  const config = parseDocument(readFileSync(projectPath("daemon", "config", "real-arm.yaml"), "utf8"));
  config.setIn(["policy", "bundle"], join(project, "models", "bundles", "table7-v3"));
  config.setIn(["operator", "token_file"], CREDENTIAL);
  const theirs = { theirs: true, secret: false, mode: 0o644 };
  return [
    { path: CONFIG_FILE, text: config.toString({ lineWidth: 0 }), ...theirs },
    { path: LIMITS_FILE, text: readFileSync(projectPath("daemon", "config", "limits-rm75b.yaml"), "utf8"), ...theirs },
    { path: TOKEN_FILE, text: `${randomBytes(32).toString("base64url")}\n`, ...theirs, secret: true, mode: 0o600 },
  ];
}

/** What belongs to this program; `config` is the machine's. Throws CliError where a unit could not do its work. */
export function ourFiles(place: Place, config: Config): readonly InstalledFile[] {
  hidden(place);
  const ours = { theirs: false, secret: false, mode: 0o644 };
  const units = readdirSync(projectPath("systemd", "units"));
  return [
    ...units.map((name) => ({ path: join(UNITS, name), text: rendered(name, place), ...ours })),
    ...dropIns(config).map(({ unit, text }) => ({
      path: join(UNITS, `${unit}.service.d`, "cell.conf"),
      text,
      ...ours,
    })),
    { path: "/etc/systemd/journald@kinevla.conf", text: shipped("journald@kinevla.conf"), ...ours },
    { path: "/etc/sysusers.d/kinevla.conf", text: shipped("sysusers-kinevla.conf"), ...ours },
    { path: "/etc/udev/rules.d/70-kinevla.rules", text: shipped("70-kinevla.rules"), ...ours },
  ];
}

/** The units that are enabled. */
export const ENABLED = [
  "kinevla.target",
  "kinevla-guardian.service",
  "kinevla-arm.service",
  "kinevla-puppet.service",
  "kinevla-daemon.service",
] as const;

function shipped(name: string): string {
  return readFileSync(projectPath("systemd", name), "utf8");
}

function rendered(name: string, { project, node }: Place): string {
  const values = { NODE: node, PROJECT: project, CONFIG: CONFIG_FILE, TOKEN: TOKEN_FILE };
  return Object.entries(values).reduce(
    (text, [key, value]) => text.replaceAll(`@${key}@`, value),
    readFileSync(projectPath("systemd", "units", name), "utf8"),
  );
}

/** CUDA reads /proc/driver/nvidia, which is no process; whether its libraries are there is asked of ldconfig, a script on Ubuntu. */
const CUDA = [
  "# For CUDA: /proc/driver/nvidia, and ldconfig, which is asked for its libraries",
  "ProcSubset=all",
  "ExecPaths=-/sbin/ldconfig -/sbin/ldconfig.real -/bin/sh",
];

/** What the configuration says that the units must know: whom each may reach, and whether there is a graphics card. */
function dropIns({
  arm,
  cameras,
  policy,
  cell_box: box,
}: Config): readonly { readonly unit: string; readonly text: string }[] {
  const controller = [
    ...(arm.link.kind === "tcp" ? [address("arm.link.host", arm.link.host)] : []),
    ...(box === undefined ? [] : [address("cell_box.host", box.host)]),
  ];
  const pictures = [cameras.front, cameras.wrist].flatMap((camera) =>
    "url" in camera ? [address("cameras", new URL(camera.url).hostname)] : [],
  );
  const cuda = policy.provider === "cuda" ? CUDA : [];
  return [
    { unit: "kinevla-guardian", lines: allow(controller) },
    { unit: "kinevla-arm", lines: allow(controller) },
    { unit: "kinevla-daemon", lines: [...allow(pictures), ...cuda] },
  ]
    .filter(({ lines }) => lines.length > 0)
    .map(({ unit, lines }) => ({
      unit,
      text: ["# From the configuration; after changing it: kinevla service install", "[Service]", ...lines, ""].join(
        "\n",
      ),
    }));
}

function allow(addresses: readonly string[]): readonly string[] {
  return [...new Set(addresses)].filter((one) => !isLoopback(one)).map((one) => `IPAddressAllow=${one}`);
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.");
}

/** The firewall of a unit knows addresses alone. */
function address(key: string, host: string): string {
  const bare = host.replace(/^\[|\]$/g, "");
  if (isIP(bare) === 0 && !isLoopback(bare)) {
    throw new CliError(
      EXIT.usage,
      "not-an-address",
      `${CONFIG_FILE}: ${key}: ${host} is a name.`,
      "Write its address: the services may reach nothing that is not named by address.",
    );
  }
  return bare;
}

/** Throws CliError when the services could not see the program (ProtectHome=, PrivateTmp=). */
function hidden({ project, node }: Place): void {
  for (const path of [project, node]) {
    const folder = /^\/(home|root|run\/user|tmp|var\/tmp)\//.exec(`${path}/`)?.[1];
    if (folder !== undefined) {
      throw new CliError(
        EXIT.refused,
        "hidden-folder",
        `The services cannot see ${path}: /${folder} is hidden from them.`,
        "Put the project into /opt/kinevla and use a Node that is installed for everybody, then run this from there.",
      );
    }
    if (/[\s"'\\%]/.test(path)) {
      throw new CliError(EXIT.refused, "odd-path", `${path} has characters that units cannot hold.`, "Move it.");
    }
  }
}
