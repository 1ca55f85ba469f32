import assert from "node:assert/strict";
import { createPrivateKey, createPublicKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { parseFromPuppet } from "../../daemon/arm/parse-from-puppet.js";
import { parseToArm } from "../../daemon/arm/parse-to-arm.js";
import { parseConfig } from "../../daemon/config/config.js";
import { limitsFrom, limitsSchema, parseLimits } from "../../daemon/config/limits-file.js";
import { ConfigError, parseYaml } from "../../daemon/config/yaml-file.js";
import { parseFromArm } from "../../daemon/loop/arm-messages.js";
import { readMessage } from "../../daemon/operator/read-message.js";
import { LineBuffer } from "../../daemon/ports/line-buffer.js";
import { projectPath } from "../../daemon/ports/project-path.js";
import { readSignature, signBytes } from "../../daemon/signing/signature.js";
import type { ArmLimits } from "../../daemon/watch/watch-limits.js";
import { MultipartParser } from "../../drivers/camera/multipart.js";
import { DynamixelDecoder, encodePosition, encodeStatus, readPosition } from "../../drivers/puppet/dynamixel-codec.js";
import { parseToPuppet } from "../../drivers/puppet/parse-to-puppet.js";
import { encodeRealmanReading, RealmanDecoder } from "../../drivers/puppet/realman-codec.js";
import * as codec from "../../drivers/rm75/codec.js";
import type { JsonObject } from "../../drivers/rm75/json-object.js";
import { parseJsonObject } from "../../drivers/rm75/json-object.js";
import { MessageDecoder } from "../../drivers/rm75/message-decoder.js";
import { readPush } from "../../drivers/rm75/state-push.js";
import { BundleError } from "../../models/bundle/bundle-error.js";
import { checkManifest } from "../../models/bundle/check-manifest.js";
import { listGraph } from "../../models/bundle/list-graph.js";
import { ProtobufError } from "../../models/bundle/protobuf.js";
import { parseManifest } from "../../models/bundle/read-manifest.js";
import { inferenceFlaw } from "../../models/policy/inference-flaw.js";
import { isFromPolicyProcess } from "../../models/policy/messages.js";
import { samples } from "../virtual-lab/controller-client.js";
import { CLIENT_SEEDS, FROM_ARM_SEEDS, POLICY_SEEDS, TO_ARM_SEEDS, YAML_SEEDS } from "./seeds.js";

/** A parser that faces a wire or a file. */
export interface Target {
  /** Valid inputs to begin with. */
  readonly seeds: readonly string[];
  /**
   * Parses one input and gives the kind of answer, the same for answers of one kind; `accepted` where it was taken.
   * Throws whatever must never happen: an error that the parser does not promise, or something wrong that it took.
   */
  readonly run: (input: string) => string;
  /** An input that takes longer is a finding; files are read once at the start. */
  readonly longestMs: number;
}

/** Safety catalogue §4.4. */
const WIRE_MS = 50;
const FILE_MS = 1000;

const QUERIES: readonly codec.Query<unknown>[] = [
  ...[codec.SOFTWARE_INFO, codec.JOINT_MINIMUM, codec.JOINT_MAXIMUM, codec.JOINT_SPEED, codec.LINK_GEOMETRY],
  ...[codec.PUSH_SETTINGS, codec.POLLED_STATE, codec.JOINT_ERRORS, codec.JOINT_ENABLED, codec.GRIPPER_REPORT],
  ...[codec.CLEAR_SYSTEM_ERROR, codec.clearJointError(4), codec.enableJoint(4), codec.moveGripper(0.5)],
  ...[codec.TOOL_FRAME, codec.RUNNING_TIME, codec.HARDWARE_ADDRESS],
];

const text = (...path: readonly string[]): string => readFileSync(projectPath(...path), "utf8");

/** An Ed25519 key of zeros (RFC 8410); its signatures are always the same. */
const SIGNER = createPrivateKey({
  key: Buffer.from(`302e020100300506032b657004220420${"00".repeat(32)}`, "hex"),
  format: "der",
  type: "pkcs8",
});
const SIGNED = signBytes("limits", Buffer.from("speed: 250"), SIGNER, 0);

/**
 * A file of our configuration in both styles of YAML, without comments and with short sources: those take most of a
 * parser's time and are soon done with.
 */
function compact(file: string): readonly string[] {
  const value = parse(text("daemon", "config", file), (key, of) => (key === "source" ? "measured" : of));
  return [stringify(value), stringify(value, { collectionStyle: "flow" })];
}

/** One of everything that our files' schemas are made of, in the fewest keys: what YAML itself can do wrong shows soonest. */
const SMALL = z.strictObject({
  version: z.literal(1),
  name: z.string().min(1),
  joints: z.strictObject({ value: z.array(z.number()).length(2), source: z.string() }),
  camera: z.union([z.strictObject({ url: z.string().min(1) }), z.strictObject({ device: z.int().min(0) })]).optional(),
});

/** Every parser, by the name that the command takes. */
export const TARGETS: Readonly<Record<string, Target>> = {
  "arm-reply": {
    longestMs: WIRE_MS,
    seeds: samples("tcp-").flatMap(({ reply }) => (reply ? [`${JSON.stringify(reply)}\r\n`] : [])),
    run: (input) => {
      const bytes = Buffer.from(input, "latin1");
      const whole = messages([bytes]);
      const cut = Math.floor(bytes.length / 3);
      assert.deepEqual(messages([bytes.subarray(0, cut), bytes.subarray(cut)]), whole);
      const kinds = new Set<string>();
      for (const message of whole) {
        kinds.add(String(codec.stopReply(message)));
        for (const query of QUERIES) {
          if (codec.answers(query, message)) {
            const answer = query.read(message);
            kinds.add(`${query.command} ${answer === null ? "wrong" : "accepted"}`);
            allFinite(answer);
          }
        }
      }
      return [...kinds].sort().join();
    },
  },
  "arm-state": {
    longestMs: WIRE_MS,
    seeds: samples("udp-").flatMap(({ frame }) => (frame ? [JSON.stringify(frame)] : [])),
    run: (input) => {
      const push = parseJsonObject(Buffer.from(input, "latin1"));
      const read = push === null ? null : readPush(push, 1);
      if (read?.kind !== "state") {
        return read?.reason ?? "no object";
      }
      const { measured, jointErrors, jointEnabled, systemErrors } = read.state;
      allFinite(measured);
      assert.deepEqual([measured.length, jointErrors.length, jointEnabled.length], [7, 7, 7]);
      assert.ok(measured.every((angle) => Math.abs(angle) <= 4 * Math.PI));
      assert.ok(
        [...jointErrors, ...systemErrors].every((code) => Number.isInteger(code) && code >= 0 && code <= 0xffff),
      );
      assert.ok(systemErrors.every((code) => code !== 0));
      return "accepted";
    },
  },
  operator: {
    longestMs: WIRE_MS,
    seeds: CLIENT_SEEDS,
    run: (input) => {
      const read = readMessage(input);
      if (read.kind === "unreadable") {
        return `${read.code} ${read.message.slice(0, 60)}`;
      }
      const { message } = read;
      allFinite(message);
      const again = JSON.stringify(readMessage(JSON.stringify(message)));
      assert.equal(again, JSON.stringify(read), "what was read is read again as the same");
      assert.ok(Number.isSafeInteger(message.id) && message.id >= 0);
      return `accepted ${message.type}`;
    },
  },
  config: {
    longestMs: FILE_MS,
    seeds: ["lab.yaml", "real-arm.yaml"].flatMap(compact),
    run: (input) =>
      orRefused(ConfigError, () => {
        const config = parseConfig(input, "/etc/kinevla.yaml");
        allFinite(config);
        assert.equal(config.home.length, 7);
        const { port } = config.operator;
        assert.ok(Number.isInteger(port) && port > 0 && port < 65_536);
        return "accepted";
      }),
  },
  yaml: {
    longestMs: FILE_MS,
    seeds: YAML_SEEDS,
    run: (input) => {
      const answer = orRefused(ConfigError, () => {
        const value = parseYaml(input, "small.yaml", SMALL);
        allFinite(value);
        assert.deepEqual(
          parseYaml(stringify(value), "small.yaml", SMALL),
          value,
          "what was read is read again as the same",
        );
        assert.deepEqual(value, parse(input), "what was taken is what stands there");
        return "accepted";
      });
      const line = /^small\.yaml:(\d+): /.exec(answer)?.[1] ?? "1";
      assert.ok(Number(line) >= 1 && Number(line) <= input.split("\n").length, answer);
      assert.ok(answer === "accepted" || answer.startsWith("small.yaml"), answer);
      return answer;
    },
  },
  limits: {
    longestMs: FILE_MS,
    seeds: compact("limits-rm75b.yaml"),
    run: (input) =>
      orRefused(ConfigError, () => {
        withinCeilings(parseLimits(input, "/etc/limits.yaml"));
        return "accepted";
      }),
  },
  "limits-values": {
    longestMs: FILE_MS,
    seeds: [JSON.stringify(parse(compact("limits-rm75b.yaml")[0] ?? ""))],
    run: (input) =>
      orRefused(ConfigError, () => {
        const read = limitsSchema.safeParse(orNothing(input));
        if (!read.success) {
          return read.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join();
        }
        withinCeilings(limitsFrom(read.data, "/etc/limits.yaml"));
        return "accepted";
      }),
  },
  manifest: {
    longestMs: FILE_MS,
    seeds: [
      text("models", "bundles", "table7-v3", "bundle.json"),
      text("test", "fixtures", "openvla-nano", "bundle.json"),
    ],
    run: (input) =>
      orRefused(BundleError, () => {
        const manifest = parseManifest(input);
        checkManifest(manifest);
        const { vocabulary, normalisation, chunk } = manifest;
        allFinite([vocabulary, normalisation, chunk]);
        const ids = [vocabulary.bos, vocabulary.eos, vocabulary.pad, ...Object.values(vocabulary.delimiters).flat()];
        assert.equal(new Set(ids).size, 11);
        assert.ok(ids.every((id) => id >= 0 && id < vocabulary.size));
        const { q01, q99, clip } = normalisation;
        for (const [step, row] of q01.entries()) {
          // The eighth is the gripper's, which is not scaled.
          for (const [joint, low] of row.slice(0, 7).entries()) {
            const [middle, half] = [(low + (q99[step]?.[joint] ?? Number.NaN)) / 2, low - (q99[step]?.[joint] ?? 0)];
            assert.ok(Math.abs(middle) + (clip * Math.abs(half)) / 2 <= 0.7001, "a delta of more than 0.7 rad");
          }
        }
        return "accepted";
      }),
  },
  signature: {
    longestMs: FILE_MS,
    seeds: [`${JSON.stringify(SIGNED, null, 2)}\n`],
    run: (input) => {
      const found = readSignature(input, "limits", Buffer.from("speed: 250"), createPublicKey(SIGNER));
      if (typeof found === "string") {
        return found.replaceAll(/[0-9a-f]{16}/g, "key");
      }
      assert.deepEqual(found, SIGNED);
      return "accepted";
    },
  },
  graph: {
    longestMs: FILE_MS,
    seeds: [readFileSync(projectPath("test", "fixtures", "openvla-nano", "decoder.onnx"), "latin1")],
    run: (input) =>
      orRefused(ProtobufError, () => {
        const bytes = Buffer.from(input, "latin1");
        const { operators, external } = listGraph(bytes);
        // Every name that it lists stands in the file, byte by byte, but for those that are no UTF-8.
        const names = [...operators].map((operator) => operator.split(".").at(-1) ?? "");
        for (const name of [...names, ...external.flatMap(({ keys }) => keys.flat())]) {
          assert.ok(name.includes("\ufffd") || bytes.includes(Buffer.from(name)), name);
        }
        return `accepted ${operators.size > 0} ${external.length > 0}`;
      }).replaceAll(/\d+/g, "n"),
  },
  "camera-stream": {
    longestMs: WIRE_MS,
    seeds: [
      "--f\r\nContent-Type: image/jpeg\r\nContent-Length: 4\r\nX-Timestamp: 12.500000\r\n\r\nJPEG\r\n--f\r\n\r\n\r\n--f",
      "--f\r\ncontent-length: 0\r\n\r\n\r\n--f\r\n\r\nno length\r\n--f--\r\n",
    ],
    run: (input) => {
      const bytes = Buffer.from(input, "latin1");
      const whole = parts([bytes]);
      const cut = Math.floor(bytes.length / 3);
      assert.deepEqual(parts([bytes.subarray(0, cut), bytes.subarray(cut)]), whole);
      return whole.replaceAll(/\d+/g, "n");
    },
  },
  "daemon-to-arm": {
    longestMs: WIRE_MS,
    seeds: TO_ARM_SEEDS,
    run: (input) => {
      const lines = new LineBuffer(65_536).push(`${input}\n`);
      const kinds = (lines ?? []).map((line) => {
        const parsed = parseToArm(line);
        allFinite(parsed.ok ? parsed.message : null);
        return parsed.ok ? `accepted ${parsed.message.kind}` : parsed.reason;
      });
      return kinds.join();
    },
  },
  "arm-to-daemon": {
    longestMs: WIRE_MS,
    seeds: FROM_ARM_SEEDS,
    run: (input) => {
      const parsed = parseFromArm(input);
      allFinite(parsed);
      return typeof parsed === "string" ? parsed : `accepted ${parsed.kind}`;
    },
  },
  "puppet-to-arm": {
    longestMs: WIRE_MS,
    seeds: [
      '{"kind":"hello","identity":{"kind":"realman-leader","serial":"A1","joints":7}}',
      '{"kind":"sample","sample":{"seq":3,"at":12.5,"angles":[0,0.5,-1,6.9,0,0,1e-3],"gripper":0.2,"button":true}}',
      '{"kind":"lost","code":"puppet-lost","detail":"the port is gone"}',
    ],
    run: (input) => {
      const message = parseFromPuppet(input);
      allFinite(message);
      if (typeof message !== "string" && message.kind === "sample") {
        const { seq, at, angles } = message.sample;
        assert.ok(Number.isSafeInteger(seq) && seq >= 0 && at >= 0);
        assert.ok(angles.length === 7 && angles.every((angle) => Math.abs(angle) <= 700));
      }
      return typeof message === "string" ? message : `accepted ${message.kind}`;
    },
  },
  "arm-to-puppet": {
    longestMs: WIRE_MS,
    seeds: ['{"kind":"refused","reason":"another puppet process is connected"}'],
    run: (input) => {
      const message = parseToPuppet(input);
      assert.ok(typeof message === "string" || message.reason.length <= 200);
      return typeof message === "string" ? message : `accepted ${message.kind}`;
    },
  },
  "puppet-realman": {
    longestMs: WIRE_MS,
    seeds: [6, 7].map((joints) =>
      latin1(encodeRealmanReading({ joints: Array.from({ length: joints }, (_, joint) => joint - 3), gripper: 812 })),
    ),
    run: (input) => {
      const bytes = Buffer.from(input, "latin1");
      const read = (pieces: readonly Uint8Array[]): readonly string[] => {
        const decoder = new RealmanDecoder();
        const found: string[] = [];
        for (const piece of pieces) {
          decoder.push(piece, (reading) => {
            allFinite(reading);
            assert.ok([6, 7].includes(reading.joints.length) && Number.isInteger(reading.gripper));
            // What is taken stands in the input, byte by byte.
            assert.ok(bytes.includes(Buffer.from(encodeRealmanReading(reading))));
            found.push(`accepted ${reading.joints.length}`);
          });
        }
        return [`${Math.min(decoder.rejected, 3)} rejected`, ...found];
      };
      const cut = Math.floor(bytes.length / 3);
      const whole = read([bytes]);
      assert.deepEqual(read([bytes.subarray(0, cut), bytes.subarray(cut)]), whole);
      return [...new Set(whole)].join();
    },
  },
  "puppet-dynamixel": {
    longestMs: WIRE_MS,
    seeds: [
      latin1(encodeStatus(1, 0, encodePosition(1))),
      latin1(encodeStatus(8, 3, [])),
      latin1(encodeStatus(7, 0, [0xff, 0xff, 0xfd, 0])),
    ],
    run: (input) => {
      const bytes = Buffer.from(input, "latin1");
      const read = (pieces: readonly Uint8Array[]): readonly string[] => {
        const decoder = new DynamixelDecoder();
        const found: string[] = [];
        for (const piece of pieces) {
          decoder.pushStatus(piece, (packet) => {
            const position = readPosition(packet);
            allFinite(position);
            assert.ok(packet.error <= 0x7f && packet.id <= 0xff);
            found.push(`accepted ${packet.error} ${position === null ? "other" : "position"}`);
          });
        }
        return [`${Math.min(decoder.rejected, 3)} rejected`, ...found];
      };
      const cut = Math.floor(bytes.length / 3);
      const whole = read([bytes]);
      assert.deepEqual(read([bytes.subarray(0, cut), bytes.subarray(cut)]), whole);
      return [...new Set(whole)].join();
    },
  },
  policy: {
    longestMs: WIRE_MS,
    seeds: POLICY_SEEDS,
    run: (input) => {
      const message = orNothing(input);
      if (!isFromPolicyProcess(message)) {
        return "no message";
      }
      if (message.kind !== "inferred") {
        return message.kind;
      }
      const flaw = inferenceFlaw(message.inference, 5);
      if (flaw !== null) {
        return flaw;
      }
      const { deltas, grippers, tokens } = message.inference;
      allFinite([deltas, grippers, tokens]);
      assert.ok(deltas.length === 5 && deltas.every((delta) => delta.length === 7));
      return "accepted";
    },
  },
};

/** Bytes as the text that the campaign changes, one character each. */
function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}

function messages(chunks: readonly Buffer[]): readonly JsonObject[] {
  const decoder = new MessageDecoder();
  const found: JsonObject[] = [];
  for (const chunk of chunks) {
    decoder.push(chunk, (message) => found.push(message));
  }
  return found;
}

/** What `parse` says, or the message of the one error that it may throw. */
function orRefused(
  expected: typeof ConfigError | typeof BundleError | typeof ProtobufError,
  parse: () => string,
): string {
  try {
    return parse();
  } catch (error) {
    if (error instanceof expected) {
      return error.message.slice(0, 120);
    }
    throw error;
  }
}

/** What a JSON text says; undefined where it is none. */
function orNothing(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

/** Throws where a limit is beyond the catalogue's bounds, or nothing can be divided by it. */
function withinCeilings(limits: ArmLimits): void {
  allFinite(limits);
  const { policy, home, stop, mostAge, cell } = limits;
  for (const { highest, lowest, velocity, acceleration, jerk } of [policy, home, stop]) {
    assert.ok([...highest, ...velocity, ...acceleration, ...jerk].every((value) => value > 0));
    assert.ok(lowest.every((value) => value < 0 && value > -2 * Math.PI));
    assert.ok(velocity.every((value) => value <= (110.01 * Math.PI) / 180));
  }
  assert.ok(cell.speed <= 0.2501 && cell.stopping >= 0.1499 && mostAge.operator <= 0.5001);
  assert.ok(mostAge.nearOperator <= 0.2001);
}

/** Throws where a number anywhere in `value` is not finite. */
function allFinite(value: unknown): void {
  if (typeof value === "number") {
    assert.ok(Number.isFinite(value), "a number is not finite");
  } else if (typeof value === "object" && value !== null) {
    for (const item of Object.values(value)) {
      allFinite(item);
    }
  }
}

/** What a camera's stream is cut into, in words. */
function parts(pieces: readonly Buffer[]): string {
  const parser = new MultipartParser("f");
  const found: string[] = [];
  try {
    for (const piece of pieces) {
      parser.push(piece, ({ headers, body }) => found.push(`accepted ${headers.size} ${body.length}`));
    }
  } catch (error) {
    assert.ok(error instanceof RangeError);
    found.push("refused");
  }
  return found.join();
}
