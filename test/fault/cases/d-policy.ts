import { createHash } from "node:crypto";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { filter, firstValueFrom, timeout } from "rxjs";
import { need } from "../../../daemon/cli/operator-link.js";
import { hostClock } from "../../../daemon/ports/clock.js";
import type { CameraRole } from "../../../daemon/types/frame.js";
import type { Seconds } from "../../../daemon/types/units.js";
import type { Spoiling } from "../../../drivers/virtual-lab/impair/impairment.js";
import type { Manifest } from "../../../models/bundle/manifest.js";
import { createPolicyProcess } from "../../../models/policy/policy-process.js";
import { type Graph, writeModel } from "../../models/onnx-writer.js";
import { fastest, framesOf } from "../history/frames.js";
import { pause } from "../rig/fault-rig.js";
import type { PoisonValue, PolicyFault } from "../rig/policy-fault.js";
import {
  cannotRun,
  type FaultCase,
  NO_BUDGET,
  type Outcome,
  only,
  type Trial,
  type TrialContext,
  type Visible,
} from "./case.js";

const POLICY = ["policy"] as const;
const POISONS: readonly PoisonValue[] = ["NaN", "Infinity", "-Infinity", "null", '"12"', "true"];
/** Swapped cameras must be seen within this time of an instruction, ms. */
const SEEN_WITHIN_MS = 10_000;
/** Until the last accepted chunk is used up and a little. */
const UNTIL_EMPTY = 2;

/** D. Policy and perception. */
export const POLICY_CASES: readonly FaultCase[] = [
  {
    ...{ id: 53, inject: 'NaN, Inf, null, "12", true in a slot', expected: "R0, the second R4" },
    budget: { reaction: 20, still: 200 },
    cannot: "one slot and one value a run, drawn by chance",
    trials: only({
      ...{ modes: POLICY, expect: "rest", watch: 1 },
      inject: async (context) => {
        const { random } = context;
        const value = POISONS[context.run % POISONS.length] ?? "NaN";
        return await spoil(context, { kind: "value", step: random.index(5), dimension: random.index(8), value }, 2);
      },
    }),
  },
  {
    ...{ id: 54, inject: "4 or 6 steps, ragged, 1e6 steps", expected: "R0" },
    budget: NO_BUDGET,
    trials: [
      wrongChunk("4 steps", { kind: "steps", count: 4, ragged: false }),
      wrongChunk("6 steps", { kind: "steps", count: 6, ragged: false }),
      wrongChunk("ragged", { kind: "steps", count: 5, ragged: true }),
      wrongChunk("a million steps", { kind: "steps", count: 1e6, ragged: false }),
    ],
  },
  {
    ...{ id: 55, inject: "degrees for radians", expected: "PO-02, PO-03 reject" },
    budget: NO_BUDGET,
    trials: [{ ...wrongChunk("", { kind: "scale", factor: 180 / Math.PI }) }],
  },
  {
    ...{ id: 56, inject: "40 degrees between two chunks", expected: "R0, then R3" },
    budget: { reaction: 20, still: 200 },
    cannot: "the reaction is counted from when the accepted chunks are used up",
    trials: [{ ...wrongChunk("", { kind: "jump", by: 0.7 }), budget: { reaction: 20, still: 200 } }],
  },
  {
    ...{ id: 57, inject: "first setpoint 11 degrees off", expected: "refuse" },
    budget: NO_BUDGET,
    cannot: "of the first chunk; a stream begins at the measured pose: test/guard/guard.test.ts",
    trials: only({
      ...{ modes: ["hold"], expect: "checked", watch: 2, policy: true },
      inject: async ({ rig, run }) => {
        await rig.ready();
        const instruction = await rig.instruction(run);
        const at = hostClock.now();
        rig.spoilPolicy({ kind: "jump", by: 0.192 });
        void rig.operator.held({ type: "instruct", instruction, homeFirst: false, confirm: true });
        return at;
      },
      after: async ({ rig }) => [
        ...(rig.operator.chunks.length === 0 ? ["the policy gave no chunk within 2 s"] : []),
        ...(rig.operator.chunks.some(({ accepted }) => accepted) ? ["such a chunk was followed"] : []),
      ],
      judge: standsStill,
    }),
  },
  {
    ...{ id: 58, inject: "model stalls 0.5, 1, 5, 60 s", expected: "R2, then R3 when the chunk is used up" },
    budget: { reaction: 10, still: 160 },
    cannot: "60 s are 5 s here: the policy process is killed after 1 s in both",
    trials: [0.5, 1, 5].map(
      (seconds): Trial => ({
        ...{ name: `${seconds} s`, modes: POLICY, expect: seconds < 0.6 ? "checked" : "rest", watch: seconds + 0.7 },
        within: 0.4,
        inject: async (context) => {
          const { rig } = context;
          rig.signal("policy", "SIGSTOP");
          setTimeout(() => resume(context), seconds * 1000);
          return await emptyAt(context);
        },
        judge: goesOnLate,
      }),
    ),
  },
  {
    ...{ id: 59, inject: "chunk comes 400 ms late", expected: "dropped" },
    budget: NO_BUDGET,
    trials: only({
      ...{ modes: POLICY, expect: "rest", watch: UNTIL_EMPTY },
      inject: async (context) => await spoil(context, { kind: "late", seconds: 0.4 }, 1),
      after: async ({ rig }) => {
        const taken = rig.operator.chunks.filter(({ accepted, phases }) => accepted && phases.handOver > 0.4).length;
        return taken === 0 ? [] : [`${taken} chunks were followed although they came 400 ms late`];
      },
    }),
  },
  {
    ...{ id: 60, inject: "chunk of an old epoch", expected: "dropped" },
    budget: NO_BUDGET,
    trials: only({
      ...{ modes: POLICY, expect: "undisturbed", watch: 0.5 },
      inject: async ({ rig, run }) => {
        // Ends the task, and what it tells of that.
        await rig.goHome();
        await rig.followPolicy(run);
        await rig.operator.next("chunk", ({ accepted }) => accepted, 5000);
        return rig.provoke("daemon", { kind: "replay-chunk" });
      },
      after: async ({ rig }) => {
        const answer = rig.provoked();
        const refused = answer?.accepted === false && String(answer.reason).startsWith("old-epoch");
        return refused ? [] : [`the arm process said of it: ${JSON.stringify(answer)}`];
      },
    }),
  },
  {
    ...{ id: 61, inject: "instruction changed in motion", expected: "R3, no old step executed" },
    budget: { reaction: 20, still: 200 },
    trials: only({
      ...{ modes: POLICY, expect: "rest", watch: 0.25 },
      inject: async ({ rig, run }) => {
        const instruction = await rig.instruction(run + 1);
        const at = hostClock.now();
        void rig.operator.held({ type: "instruct", instruction, homeFirst: false, confirm: true });
        return at;
      },
    }),
  },
  {
    ...{ id: 62, inject: "constant output", expected: "R3" },
    // Three chunks of three steps each, and the ramp.
    budget: { reaction: 1000, still: 1150 },
    trials: only({
      ...{ modes: POLICY, expect: "rest", watch: 2 },
      inject: async (context) => await spoil(context, { kind: "constant" }, 1),
    }),
  },
  {
    ...{ id: 63, inject: "oscillation 10 Hz, 3 degrees", expected: "R2, R3" },
    budget: { reaction: 1020, still: 1200 },
    trials: only({
      ...{ modes: POLICY, expect: "rest", watch: 2 },
      inject: async (context) => await spoil(context, { kind: "oscillate", amplitude: 0.0524 }, 1),
    }),
  },
  {
    ...{ id: 64, inject: "camera stops, or is unplugged", expected: "observation refused, R3" },
    budget: { reaction: 310, still: 500 },
    trials: [camera("front stops", "front", "stop"), camera("wrist is unplugged", "wrist", "close")],
  },
  {
    ...{ id: 65, inject: "frozen picture", expected: "R3" },
    budget: { reaction: 190, still: 350 },
    trials: [camera("front", "front", "freeze"), camera("wrist", "wrist", "freeze")],
  },
  {
    ...{ id: 66, inject: "black, white, blurred, half black, noise", expected: "R3" },
    budget: { reaction: 350, still: 500 },
    trials: (["black", "white", "blur", "half-black", "noise"] as const).map((how) => ({
      ...camera(how, "front", how),
      ...(how === "blur" ? { budget: { reaction: 1020, still: 1170 } } : {}),
    })),
  },
  {
    ...{ id: 67, inject: "front and wrist swapped", expected: "R0" },
    budget: NO_BUDGET,
    cannot: "cameras have no serial number in the lab",
    trials: only({
      ...{ modes: ["standby"], expect: "checked", watch: 0.1 },
      inject: async ({ rig }) => {
        await rig.impair({ target: "camera", role: "front", how: "swap" });
        return await rig.impair({ target: "camera", role: "wrist", how: "swap" });
      },
      after: async ({ rig, run }) => {
        const over = rig.operator.next("progress", ({ phase }) => phase === "failed", SEEN_WITHIN_MS);
        const instruction = await rig.instruction(run);
        await rig.operator.held({ type: "instruct", instruction, homeFirst: false, confirm: true });
        const { detail } = await over;
        return detail.includes("exchange cameras.front and cameras.wrist")
          ? []
          : [`failed for another reason: ${detail}`];
      },
      judge: standsStill,
    }),
  },
  {
    ...{ id: 68, inject: "cameras 80 ms apart", expected: "observation refused, R3 when the chunk is used up" },
    budget: { reaction: 10, still: 160 },
    cannot: "the reaction is counted from when the accepted chunks are used up",
    trials: [apart()],
  },
  {
    ...{ id: 69, inject: "picture size changes", expected: "R3" },
    budget: { reaction: 310, still: 500 },
    trials: [camera("", "front", "resize")],
  },
  {
    ...{ id: 70, inject: "statistics of another robot, missing key, std 0", expected: "R0" },
    budget: NO_BUDGET,
    trials: [
      bundle("other statistics", (folder) => edit(folder, (text) => text.replace(/"q99": \[\s*\[\s*/, "$&9"))),
      bundle("missing key", (folder) => edit(folder, (text) => text.replace(/"q01":/, '"q00":'))),
      bundle("std 0", (folder) => edit(folder, (text) => text.replace(/"std": \[\s*[0-9.e-]+/, '"std": [0'))),
    ],
  },
  {
    ...{ id: 71, inject: "model byte flipped before or after load, swapped between check and use", expected: "R0" },
    budget: NO_BUDGET,
    cannot: "after the load the file is not read again until the next load (PO-11)",
    trials: [bundle("before", (folder, random) => flipByte(folder, random))],
  },
  {
    ...{ id: 72, inject: "ONNX with ../, symlink, 2 GB tensor, loop bomb", expected: "R0 within 10 s" },
    budget: NO_BUDGET,
    cannot: "no 2 GB tensor and no loop bomb: a loading or inference that takes too long is killed (58)",
    trials: [
      bundle("..", (folder) => edit(folder, (text) => text.replace(/"path": "([^"]+\.onnx)"/, '"path": "../$1"'))),
      bundle("symlink", (folder) => {
        const file = join(folder, onnxOf(folder));
        rmSync(file);
        symlinkSync("/etc/hostname", file);
      }),
      // With right digests: PO-12 looks through the graphs themselves.
      bundle("operator of nobody", (folder) =>
        addGraph(folder, { nodes: [{ op: "Evil", inputs: [], outputs: ["evil"] }] }),
      ),
      bundle("weights outside", (folder) => {
        const external = [["location", "../../etc/hostname"]] as const;
        addGraph(folder, { constants: [{ name: "evil", shape: [1], data: new Float32Array(1), external }] });
      }),
    ],
  },
  cannotRun(
    73,
    "calibration deleted, aged, edited",
    "R0 POLICY",
    "the virtual cell asks for no calibration; the refusal is tested in test/calibration (PO-18)",
  ),
];

/** PO-07: 250 ms after the last target of a chunk the arm goes on only when somebody asks for it; some of that it brakes. */
function goesOnLate({ history, visibleAt, rig }: Outcome): readonly string[] {
  let standsSince = Infinity;
  for (const frame of framesOf(history.commands, rig.bounds.period).filter(({ at }) => at >= visibleAt)) {
    const stands = fastest(frame) < 0.01;
    if (!stands && frame.at - standsSince > 0.25) {
      return [`went on by itself after ${((frame.at - standsSince) * 1000).toFixed(0)} ms at rest without a chunk`];
    }
    standsSince = stands ? Math.min(standsSince, frame.at) : Infinity;
  }
  return [];
}

/** No setpoint may move the arm. */
function standsStill({ history, rig }: Outcome): readonly string[] {
  const moves = framesOf(history.commands, rig.bounds.period).some((frame) => fastest(frame) > 0.001);
  return moves ? ["the arm moves"] : [];
}

/** Spoils the policy and waits for its `count`-th spoiled answer; gives that instant. */
async function spoil({ rig }: TrialContext, fault: PolicyFault, count: number): Promise<Visible> {
  rig.spoilPolicy(fault);
  const until = hostClock.now() + 4;
  for (;;) {
    const at = rig.spoiledAt()[count - 1];
    if (at !== undefined) {
      return at;
    }
    if (hostClock.now() > until) {
      throw new Error(`the policy gave fewer than ${count} answers in 4 s`);
    }
    await pause(0.01);
  }
}

/** A trial whose chunks must all be refused: the arm comes to rest when those before are used up. */
function wrongChunk(name: string, fault: PolicyFault): Trial {
  return {
    ...{ name, modes: POLICY, expect: "rest", watch: UNTIL_EMPTY },
    inject: async (context) => {
      await spoil(context, fault, 1);
      return await emptyAt(context);
    },
  };
}

/**
 * When the chunk that was taken last is used up. Its fifth step and what comes after are gone along at half the pace (PO-06), so
 * that takes one step's time longer than the step was meant to. Looks after `answered`, by when the policy has answered what it was asked
 * before the fault.
 */
async function emptyAt({ rig }: TrialContext, answered: Seconds = 0.1): Promise<Visible> {
  await pause(answered);
  const { policy } = await need(rig.operator.client.request({ type: "status" }), "status");
  const { followed } = rig.operator;
  if (policy === null || followed === null) {
    throw new Error("no chunk was followed before the fault");
  }
  return followed.capturedAt + (policy.horizon + 1) * policy.period;
}

function resume({ rig }: TrialContext): void {
  try {
    rig.signal("policy", "SIGCONT");
  } catch {
    // It was killed for its silence and is being started again.
  }
}

function camera(name: string, role: CameraRole, how: Spoiling): Trial {
  return {
    ...{ name, modes: POLICY, expect: "rest", watch: 1.5 },
    inject: async ({ rig }) => await rig.impair({ target: "camera", role, how }),
  };
}

/** Pictures under way when a camera begins to be late still come in time: one period of 30 a second, and its way. */
const UNDER_WAY: Seconds = 0.06;

/** A camera 80 ms behind the other: what was seen before is followed to its end, and nothing that is seen later. */
function apart(): Trial {
  let since = Number.NaN;
  return {
    ...camera("", "front", "skew"),
    inject: async (context) => {
      since = await context.rig.impair({ target: "camera", role: "front", how: "skew" });
      return await emptyAt(context, 0.35);
    },
    after: async ({ rig }) => {
      const late = rig.operator.chunks.filter(({ accepted, capturedAt }) => accepted && capturedAt > since + UNDER_WAY);
      return late.length === 0 ? [] : [`${late.length} chunks from pictures 80 ms apart were followed`];
    },
  };
}

/** Loads a spoiled copy of the bundle into a policy process of its own, which must refuse it. */
function bundle(name: string, damage: (folder: string, random: TrialContext["random"]) => void): Trial {
  return {
    ...{ name, modes: ["standby"], expect: "checked", watch: 0 },
    inject: async () => hostClock.now(),
    after: async ({ rig, random }) => {
      const folder = mkdtempSync(join(tmpdir(), "kinevla-bundle-"));
      const { policy, home } = rig.system.config;
      cpSync(policy.bundle, folder, { recursive: true });
      damage(folder, random);
      const spoiled = createPolicyProcess({
        ...{ bundle: folder, manifest: null, provider: "cpu", fallback: null, threads: 1, home },
        ...{ deadline: 1, textDeadline: 5, loadDeadline: 10 },
      });
      try {
        const settled = spoiled.status.pipe(
          filter(({ kind }) => kind !== "loading"),
          timeout(12_000),
        );
        const { kind } = await firstValueFrom(settled);
        return kind === "failed" ? [] : ["the bundle was accepted"];
      } catch {
        return ["the bundle was not refused within 12 s"];
      } finally {
        await spoiled.close();
        rmSync(folder, { recursive: true, force: true });
      }
    },
  };
}

function edit(folder: string, change: (text: string) => string): void {
  const file = join(folder, "bundle.json");
  const text = readFileSync(file, "utf8");
  const changed = change(text);
  if (changed === text) {
    throw new Error("the manifest has nothing to change there");
  }
  writeFileSync(file, changed);
}

/** Adds to a graph, and says so in the manifest: two models one after the other are one model with the fields of both. */
function addGraph(folder: string, more: Partial<Graph>): void {
  const name = onnxOf(folder);
  const added = writeModel({ inputs: [], outputs: [], constants: [], nodes: [], ...more });
  const bytes = Buffer.concat([readFileSync(join(folder, name)), added]);
  writeFileSync(join(folder, name), bytes);
  const entry = { bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
  edit(folder, (text) => {
    const manifest: Pick<Manifest, "files"> = JSON.parse(text);
    const files = manifest.files.map((file) => (file.path === name ? { ...file, ...entry } : file));
    return JSON.stringify({ ...manifest, files });
  });
}

function onnxOf(folder: string): string {
  return readdirSync(folder).find((name) => name.endsWith(".onnx")) ?? "";
}

function flipByte(folder: string, random: TrialContext["random"]): void {
  const names = readdirSync(folder).filter((name) => /\.(onnx|json)$/.test(name) && name !== "bundle.json");
  const file = join(folder, names[random.index(names.length)] ?? "");
  const bytes = readFileSync(file);
  const index = random.index(bytes.length);
  bytes[index] = (bytes[index] ?? 0) ^ 1;
  writeFileSync(file, bytes);
}
