// Loaded into every process of a system under test by NODE_OPTIONS=--import. In the policy process it spoils what that
// process says; in all of them it waits for SIGUSR2, and bends the wall clock where that was asked for. No file of the
// daemon knows of it.
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { isMainThread } from "node:worker_threads";
import { hostClock } from "../../../daemon/ports/clock.js";
import type { Inference } from "../../../daemon/ports/policy.js";
import { bendWallClock } from "./bend-wall-clock.js";
import {
  type PoisonValue,
  type PolicyFault,
  PROCESS_VARIABLE,
  TAP_STAMP_SUFFIX,
  TAP_VARIABLE,
  WALL_VARIABLE,
} from "./policy-fault.js";
import { obeySignal } from "./process-fault.js";
import { watchChunks } from "./replay-chunk.js";

/** Loosely typed on purpose: what is sent must be able to be wrong. */
type Loose = { [field: string]: unknown };

const POISON: Readonly<Record<PoisonValue, unknown>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  "-Infinity": Number.NEGATIVE_INFINITY,
  null: null,
  '"12"': "12",
  true: true,
};

let kept: Inference | null = null;
let answers = 0;

/** What is sent instead of an inference. */
function spoiled(inference: Inference, fault: PolicyFault): Loose | Inference {
  const { deltas, grippers } = inference;
  const withDeltas = (changed: readonly (readonly unknown[])[]): Loose => ({ ...inference, deltas: changed });
  switch (fault.kind) {
    case "value": {
      const poison = POISON[fault.value];
      if (fault.dimension === 7) {
        return { ...inference, grippers: grippers.map((value, step) => (step === fault.step ? poison : value)) };
      }
      return withDeltas(
        deltas.map((row, step) =>
          row.map((x, joint) => (step === fault.step && joint === fault.dimension ? poison : x)),
        ),
      );
    }
    case "steps": {
      const rows = Array.from({ length: fault.count }, (_, step) => [...(deltas[step % deltas.length] ?? [])]);
      if (fault.ragged) {
        rows.at(-1)?.pop();
      }
      const openings = rows.map((_, step) => grippers[step % grippers.length] ?? 1);
      return { ...inference, deltas: rows, grippers: openings };
    }
    case "scale":
      return withDeltas(deltas.map((row) => row.map((x) => x * fault.factor)));
    case "jump":
      return withDeltas(deltas.map((row) => row.map((x, joint) => (joint === 0 ? x + fault.by : x))));
    case "constant":
      kept ??= inference;
      return { ...inference, deltas: kept.deltas, grippers: kept.grippers, tokens: kept.tokens };
    case "oscillate":
      return withDeltas(
        deltas.map((row, step) =>
          row.map((x, joint) => (joint === 3 ? x + fault.amplitude * (step % 2 === 0 ? 1 : -1) : x)),
        ),
      );
    case "none":
    case "late":
    case "garbage":
    case "crash":
      return inference;
  }
}

function install(file: string): void {
  const send = process.send?.bind(process);
  if (send === undefined) {
    return;
  }
  const stamp = `${file}${TAP_STAMP_SUFFIX}`;
  process.send = (message: unknown, ...rest: []): boolean => {
    const fault: PolicyFault = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : { kind: "none" };
    if (!isInferred(message) || fault.kind === "none") {
      kept = null;
      return send(message, ...rest);
    }
    appendFileSync(stamp, `${hostClock.now()}\n`);
    answers += 1;
    switch (fault.kind) {
      case "late":
        setTimeout(() => send(message, ...rest), fault.seconds * 1000);
        return true;
      case "garbage":
        return send({ kind: "inferred", id: message.id, inference: { nonsense: answers } });
      case "crash":
        process.exit(1);
        break;
      default:
        return send({ ...message, inference: spoiled(message.inference, fault) }, ...rest);
    }
    return true;
  };
}

function isInferred(message: unknown): message is { readonly id: number; readonly inference: Inference } {
  return typeof message === "object" && message !== null && "kind" in message && message.kind === "inferred";
}

const file = process.env[TAP_VARIABLE];
if (file !== undefined && process.argv[1]?.endsWith("models/policy/process.js")) {
  install(file);
}
if (file !== undefined && process.argv[1]?.endsWith("daemon/main.js")) {
  watchChunks();
}
const wall = process.env[WALL_VARIABLE];
if (wall !== undefined) {
  bendWallClock(wall);
}
const processFault = process.env[PROCESS_VARIABLE];
if (processFault !== undefined && isMainThread) {
  obeySignal(processFault);
}
