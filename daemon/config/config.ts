import { dirname, resolve } from "node:path";
import { z } from "zod";
import { NO_SIGNATURES_ASKED, type Trust } from "../ports/trust.js";
import { KeyError, PUBLIC_KEY, readPublicKeyBeside } from "../signing/keys.js";
import { trustInKey } from "../signing/trust-in-key.js";
import { ROLES } from "../types/role.js";
import type { TeleopEnabling } from "../types/teleop.js";
import { type JointPosition, jointPosition } from "../types/units.js";
import { ConfigError, parseYaml, readTrusted } from "./yaml-file.js";

// Interlocks: HO-12.

const port = z.int().min(1).max(65535);
const host = z.string().min(1);
const milliseconds = z.number().positive().max(600_000);

const cameraSource = z.union([
  z.strictObject({
    /** HTTP MJPEG or RTSP. */
    url: z.string().regex(/^(https?|rtsp):\/\//, "a camera url starts with http://, https:// or rtsp://"),
    width: z.int().min(16).max(8192),
    height: z.int().min(16).max(8192),
  }),
  z.strictObject({
    /** V4L2 device, best a /dev/v4l/by-id path. */
    device: z.string().startsWith("/dev/"),
    width: z.int().min(16).max(8192),
    height: z.int().min(16).max(8192),
    fps: z.number().min(1).max(240),
  }),
  z.strictObject({
    file: z.string().min(1),
    width: z.int().min(16).max(8192),
    height: z.int().min(16).max(8192),
  }),
]);

/** Also of a pseudo terminal, which may stand anywhere. */
const serialPath = z.string().startsWith("/");
/** Of a Dynamixel device; 253 and up are reserved (protocol 2.0). */
const deviceId = z.int().min(0).max(252);

const puppet = z.union([
  z.strictObject({
    kind: z.literal("realman-leader"),
    path: serialPath,
    baud: z.int().positive(),
    /** What `kinevla calibrate puppet` wrote for this leader, relative to this file. */
    calibration: z.string().min(1),
  }),
  z.strictObject({
    kind: z.literal("dynamixel-leader"),
    path: serialPath,
    baud: z.int().positive(),
    /** Device ids of J1 to J7. */
    joint_ids: z.array(deviceId).length(7),
    gripper_id: deviceId,
    /** A device with a switch: one byte of its control table, not 0 while pressed. */
    button: z.strictObject({ id: deviceId, address: z.int().min(0).max(65_535) }).optional(),
    calibration: z.string().min(1),
  }),
]);

const millimetres = z.array(z.number().min(-1000).max(1000)).length(3);

/** The one configuration file. Units are spelled in the keys; every key without `optional` must be there. */
export const configSchema = z.strictObject({
  arm: z.strictObject({
    link: z.union([
      z.strictObject({ kind: z.literal("tcp"), host, port }),
      z.strictObject({ kind: z.literal("serial"), path: z.string().startsWith("/dev/"), baud: z.int().positive() }),
    ]),
    /** Where the arm pushes its state: an address of this host that the arm can reach. */
    push: z.strictObject({ host, port, period_ms: z.union([z.literal(5), z.literal(10), z.literal(20)]) }),
    /** What the controller has to count with at its flange, as its tool frame in use says it (ML-18). */
    tool: z.strictObject({
      /** At most what the arm may carry. */
      payload_g: z.number().min(0).max(5000),
      centre_mm: millimetres,
      frame_mm: millimetres,
      /** Turned by Rz Ry Rx. */
      frame_deg: z.array(z.number().min(-360).max(360)).length(3),
    }),
    /** The arms and versions of firmware that may be used, where not every RM75-B may (AR-18). */
    allowed: z
      .strictObject({
        /** Whole versions, as `kinevla doctor` prints them. */
        firmware: z
          .array(z.string().regex(/^\d+\.\d+\.\d+$/, "a version is three numbers, for example 1.7.1"))
          .min(1)
          .optional(),
        /** Hardware addresses (MAC) of controllers' wired interfaces: the protocol tells no serial number. */
        controllers: z
          .array(
            z.string().regex(/^([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}$/, "a hardware address is six pairs of hex digits"),
          )
          .min(1)
          .optional(),
      })
      .optional(),
  }),
  stream: z.strictObject({ period_ms: z.union([z.literal(5), z.literal(10)]) }),
  /** The file with every limit of motion, relative to this file. */
  limits: z.string().min(1),
  /** Joint angles of the home pose, J1 to J7. */
  home_deg: z.array(z.number().min(-360).max(360)).length(7),
  cameras: z.strictObject({ front: cameraSource, wrist: cameraSource }),
  policy: z.strictObject({
    /** Folder of the bundle, relative to this file. */
    bundle: z.string().min(1),
    provider: z.enum(["cpu", "cuda"]),
    /** What to do when the CUDA libraries are missing: refuse, or say so and go on with the CPU. */
    fallback: z.enum(["none", "cpu"]),
    threads: z.int().min(1).max(64),
    /** An inference that takes longer is killed. */
    deadline_ms: milliseconds,
    /** The same for an inference that generates its text first. */
    text_deadline_ms: milliseconds,
    /** Longest time for loading and checking the bundle. */
    load_deadline_ms: milliseconds,
    /** `every-chunk`: generate the text for each chunk; `cached`: generate it once for an instruction. */
    reasoning: z.enum(["every-chunk", "cached"]),
    /** A task that is not finished by then is ended. */
    task_timeout_ms: milliseconds,
  }),
  operator: z.strictObject({
    host,
    port,
    /** Further names, with port, under which a proxy or tunnel reaches the operator server, for example lab-pc:8443. */
    hosts: z.array(z.string()),
    /** Holds the operator's token, made at the first start; relative to `run_directory`. */
    token_file: z.string().min(1),
    /** The log of who asked for what, relative to `run_directory`; on a disk that lasts. */
    audit_directory: z.string().min(1),
    /** What the token in that file allows. */
    token_role: z.enum(ROLES),
    /** Motion only while somebody in control presses hold-to-run, or while a supervisor allows it without. */
    hold_to_run: z.boolean(),
  }),
  /** Sockets, token and state of the running daemon; relative to this file. */
  run_directory: z.string().min(1),
  /** A device of the cell with an enabling switch or guard door and a relay in the arm's supply (drivers/cell-box). */
  cell_box: z.strictObject({ host, port }).optional(),
  /** The leader arm, where there is one; read by a process of its own (drivers/puppet). */
  puppet: puppet.optional(),
  /**
   * What authorises the motion that the leader asks for: its own `button`, at the arm process itself, so that it works
   * while the daemon is down, or the hold-to-run control of the `operator` in control. Where it is left out: the button of
   * a leader whose section has one, and the operator for every other.
   */
  teleop: z.strictObject({ enabling: z.enum(["button", "operator"]) }).optional(),
  /**
   * Where `kinevla measure` keeps what was measured on this arm; relative to this file. With it, no policy moves the arm
   * before the needed measurements are there; a virtual arm has none.
   */
  evidence_directory: z.string().min(1).optional(),
  /**
   * The calibrations of this cell. With it no policy moves the arm while one of them is broken, foreign or too old, or
   * while nobody made sure which camera is which; and the leader's counts only for this arm and this long.
   */
  calibration: z
    .strictObject({
      /** Relative to this file. */
      directory: z.string().min(1),
      /** Serial number on the arm's nameplate. */
      arm: z.string().min(1),
      /** The catalogue's longest (PO-18). */
      max_age_days: z.number().positive().max(90),
    })
    .optional(),
  /** Where runs are recorded (daemon/recorder); without it nothing is. */
  recording: z
    .strictObject({
      /** Relative to `run_directory`; on a disk that lasts. */
      directory: z.string().min(1),
      /** Every policy run is an episode. */
      policy_runs: z.boolean(),
      /** Beyond this the oldest policy runs are removed; demonstrations and corrections never are. */
      most_gigabytes: z.number().positive(),
      /** An episode begins only with so much free on the disk; with half of it people are told, with a fifth it ends. */
      least_free_gigabytes: z.number().positive(),
    })
    .optional(),
  /**
   * The key `maintainer.pub` has to stand beside this file. With the key there, everything that this file names has to be
   * signed in any case (daemon/signing); with this line here, too, a key that was lost is noticed.
   */
  signatures: z.literal("required").optional(),
  log: z.strictObject({ level: z.enum(["trace", "debug", "info", "warn", "error"]) }),
});

type RawConfig = z.infer<typeof configSchema>;

/** The leader arm of a configuration, with the calibration file's path made absolute. */
export type PuppetConfig = z.infer<typeof puppet>;

/** A checked configuration, with paths made absolute and the home pose in rad. */
export interface Config
  extends Omit<
    RawConfig,
    "home_deg" | "operator" | "evidence_directory" | "cell_box" | "puppet" | "teleop" | "calibration" | "recording"
  > {
  /** With the file of all tokens, by digest. */
  readonly operator: RawConfig["operator"] & { readonly tokenStore: string };
  /** Not there for a cell without one. */
  readonly cell_box?: { readonly host: string; readonly port: number };
  /** The leader arm; not there for a cell without one. */
  readonly puppet?: PuppetConfig;
  /** What authorises the motion that the leader asks for. */
  readonly teleopEnabling: TeleopEnabling;
  /** Of this arm's measurements; not there for a virtual arm. */
  readonly evidence_directory?: string;
  /** With its folder made absolute; not there where nobody asks for calibrations. */
  readonly calibration?: NonNullable<RawConfig["calibration"]>;
  /** With its folder made absolute; not there where nothing is recorded. */
  readonly recording?: NonNullable<RawConfig["recording"]>;
  /** Absolute path of the file it came from. */
  readonly file: string;
  /** Who has to vouch for the files that it names. */
  readonly trust: Trust;
  readonly home: JointPosition;
  /** Unix socket of the arm process. */
  readonly armSocket: string;
  /** Unix socket of the guardian. */
  readonly guardianSocket: string;
  /** Unix socket on which the arm process takes what the puppet process says. */
  readonly puppetSocket: string;
}

/** Reads and checks a configuration file and its signature; throws ConfigError that names every wrong line and key. */
export function loadConfig(file: string): Config {
  const path = resolve(file);
  const trust = trustBeside(path) ?? NO_SIGNATURES_ASKED;
  const text = readTrusted(path, "configuration", trust, "name another file with --config");
  const config = parseConfig(text, path, trust);
  if (config.signatures === "required" && trust === NO_SIGNATURES_ASKED) {
    throw new ConfigError(
      `${path}: signatures are required, but the maintainer's key is not beside it (${PUBLIC_KEY}). Put it there again; ` +
        "the maintainer has it where the private one is.",
    );
  }
  return config;
}

/** What a key beside a configuration asks for; null where there is none. Throws ConfigError for one that cannot be used. */
function trustBeside(path: string): Trust | null {
  try {
    const key = readPublicKeyBeside(path);
    return key === null ? null : trustInKey(key);
  } catch (error) {
    throw error instanceof KeyError ? new ConfigError(`${error.message}. ${error.hint}`) : error;
  }
}

/**
 * Checks the text of a configuration file; `path` is for messages and relative paths. Without `trust`, where the text was
 * not read from a file that was held against its signature, nobody has to vouch for what it names.
 */
export function parseConfig(text: string, path: string, trust: Trust = NO_SIGNATURES_ASKED): Config {
  const { home_deg, evidence_directory, cell_box, puppet, teleop, calibration, recording, ...config } = parseYaml(
    text,
    path,
    configSchema,
  );
  const folder = dirname(path);
  const runDirectory = resolve(folder, config.run_directory);
  return {
    ...config,
    ...(cell_box === undefined ? {} : { cell_box }),
    ...(puppet === undefined ? {} : { puppet: { ...puppet, calibration: resolve(folder, puppet.calibration) } }),
    teleopEnabling: teleop?.enabling ?? (hasButton(puppet) ? "button" : "operator"),
    ...(evidence_directory === undefined ? {} : { evidence_directory: resolve(folder, evidence_directory) }),
    ...(calibration === undefined
      ? {}
      : { calibration: { ...calibration, directory: resolve(folder, calibration.directory) } }),
    ...(recording === undefined
      ? {}
      : { recording: { ...recording, directory: resolve(runDirectory, recording.directory) } }),
    file: path,
    trust,
    home: jointPosition(home_deg.map((angle) => (angle * Math.PI) / 180)),
    run_directory: runDirectory,
    limits: resolve(folder, config.limits),
    policy: { ...config.policy, bundle: resolve(folder, config.policy.bundle) },
    operator: {
      ...config.operator,
      token_file: resolve(runDirectory, config.operator.token_file),
      audit_directory: resolve(runDirectory, config.operator.audit_directory),
      tokenStore: resolve(runDirectory, "tokens.json"),
    },
    armSocket: resolve(runDirectory, "arm.sock"),
    guardianSocket: resolve(runDirectory, "guardian.sock"),
    puppetSocket: resolve(runDirectory, "puppet.sock"),
  };
}

/** No button is known in the frame of RealMan's leader (drivers/puppet). */
function hasButton(puppet: PuppetConfig | undefined): boolean {
  return puppet?.kind === "dynamixel-leader" && puppet.button !== undefined;
}
