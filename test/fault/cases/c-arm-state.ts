import { createSocket } from "node:dgram";
import { connect } from "node:net";
import { hostClock } from "../../../daemon/ports/clock.js";
import type { Fault } from "../../../drivers/virtual-lab/controller/fault.js";
import type { Alteration, ImpairmentRequest } from "../../../drivers/virtual-lab/impair/impairment.js";
import { type FaultRig, pause } from "../rig/fault-rig.js";
import { type FaultCase, MOVING, NO_BUDGET, only, type Trial, type TrialContext } from "./case.js";

/** System codes of the vendor's table (safety.md AR-01), and three that it does not have. */
const SYSTEM_CODES = [
  0x1001, 0x1002, 0x1003, 0x1004, 0x1005, 0x1006, 0x1007, 0x1008, 0x1009, 0x100a, 0x100b, 0x100c, 0x100d, 0x100e,
  0x100f, 0x1010, 0x1012, 0x1013, 0x1014, 0x2001, 0x2002, 0x2003, 0x2004, 0x2005, 0x5001, 0x5002, 0x5003, 0x5004,
  0x5005, 0x5006, 0x5007, 0x5008, 0x5009, 0x500a, 0x1234, 0x7fff, 0xffff,
];

/** Error bits of a joint, and two at once. */
const JOINT_BITS = [
  0x0001, 0x0002, 0x0004, 0x0008, 0x0020, 0x0040, 0x0080, 0x0100, 0x0200, 0x0400, 0x0800, 0x1000, 0x2000, 0x4000,
  0x8000, 0xf000, 0x0010, 0x0803,
];

const STATE_FAULT = { reaction: 20, still: 200 };
const CODE_MODES = [...MOVING, "hold"] as const;

/** C. The arm's UDP push and what it says. */
export const ARM_STATE_CASES: readonly FaultCase[] = [
  {
    ...{ id: 31, inject: "1, 5, 10, 20 lost packets", expected: "nothing, warn, R2, R3" },
    budget: { reaction: 110, still: 300 },
    cannot: "warning and R2 are not told from undisturbed motion",
    trials: [
      ...[1, 5, 10].map(
        (count): Trial => ({
          ...{ name: `${count} lost`, modes: MOVING, expect: "undisturbed" },
          inject: udp({ target: "udp", drop: { count } }),
        }),
      ),
      {
        // The 20 between two that are 21 periods apart.
        ...{ name: "20 lost", modes: MOVING, expect: "rest" },
        inject: udp({ target: "udp", drop: { count: 20, seconds: 0.105 } }),
      },
      { name: "all lost", modes: MOVING, expect: "rest", inject: udp({ target: "udp", drop: { count: null } }) },
    ],
  },
  {
    ...{ id: 32, inject: "30 % random loss 60 s", expected: "no false stop" },
    budget: NO_BUDGET,
    cannot: "6 s a run instead of 60",
    trials: only({
      ...{ modes: MOVING, expect: "undisturbed", watch: 6 },
      inject: async ({ rig, random }) => await rig.impair({ target: "udp", loss: 0.3, seed: random.index(1e6) }),
    }),
  },
  {
    ...{ id: 33, inject: "half of the packets twice", expected: "no effect" },
    budget: NO_BUDGET,
    trials: only({ modes: MOVING, expect: "undisturbed", inject: udp({ target: "udp", duplicate: 0.5 }) }),
  },
  {
    ...{ id: 34, inject: "reordered, depth 20", expected: "drops, no wrong trip on speed" },
    budget: NO_BUDGET,
    cannot:
      "AR-11 wants R3 from three within 50 ms on: judged is that nothing else ends the motion, and no command stops the arm",
    trials: only({
      ...{ modes: MOVING, expect: "undisturbed", mayRampBy: "state-implausible" },
      inject: udp({ target: "udp", reorder: 20 }),
    }),
  },
  {
    ...{ id: 35, inject: "frozen packet", expected: "R3" },
    budget: { reaction: 220, still: 400 },
    trials: only({ modes: MOVING, expect: "rest", inject: fault({ kind: "freeze-udp" }) }),
  },
  {
    ...{ id: 36, inject: "delayed 300 ms", expected: "R3" },
    budget: { reaction: 350, still: 550 },
    trials: only({ modes: MOVING, expect: "rest", inject: udp({ target: "udp", delay: 0.3 }) }),
  },
  {
    ...{ id: 37, inject: "joint jumps 5 degrees in one sample", expected: "dropped; three R3" },
    budget: { reaction: 60, still: 250 },
    trials: [
      { name: "one", modes: MOVING, expect: "undisturbed", inject: alter("jump", 1) },
      { name: "three", modes: MOVING, expect: "rest", inject: alter("jump", 3) },
    ],
  },
  {
    ...{ id: 38, inject: "six or eight joints, strings, null, 1e999", expected: "dropped; R3 at 100 ms" },
    budget: { reaction: 120, still: 300 },
    trials: (["six-joints", "eight-joints", "strings", "null-joints", "infinite", "no-errors", "corrupt"] as const).map(
      (how): Trial => ({
        name: how,
        modes: MOVING,
        // One flipped bit may leave a message that is right and says something else.
        ...(how === "corrupt" ? { expect: "checked", budget: NO_BUDGET } : { expect: "rest" }),
        inject: alter(how, null),
      }),
    ),
  },
  {
    ...{ id: 39, inject: "spoofed from another address, 20 000 a second", expected: "dropped, tick unaffected" },
    budget: NO_BUDGET,
    cannot: "AR-12 wants R3 from a thousand a second on: judged is that, and no broken promise",
    trials: only({
      ...{ modes: MOVING, expect: "rest" },
      inject: async ({ rig }) => {
        const at = hostClock.now();
        await spoof(rig, 2);
        return at;
      },
    }),
  },
  {
    ...{ id: 40, inject: "each system code and three unknown ones", expected: "by the table" },
    budget: STATE_FAULT,
    cannot: "every code is expected to stop; the table's weaker reactions are not told apart",
    trials: [
      {
        ...{ name: "one a run", modes: CODE_MODES, expect: "stop" },
        inject: async (context) => await faultNow(context, { kind: "system-error", code: pick(SYSTEM_CODES, context) }),
      },
      {
        ...sweep(
          "all codes",
          SYSTEM_CODES.map((code) => ({ kind: "system-error", code })),
        ),
        most: 1,
      },
    ],
  },
  {
    ...{ id: 41, inject: "each joint code x 7 joints, and combined bits", expected: "by the table" },
    budget: STATE_FAULT,
    cannot: "every code is expected to stop; each code on one joint drawn by chance, not on all seven",
    trials: [
      {
        ...{ name: "one a run", modes: CODE_MODES, expect: "stop" },
        inject: async (context) => {
          const joint = 1 + context.random.index(7);
          return await faultNow(context, { kind: "joint-error", joint, bits: pick(JOINT_BITS, context) });
        },
      },
      {
        ...sweep(
          "all codes",
          JOINT_BITS.map((bits, index) => ({ kind: "joint-error", joint: 1 + (index % 7), bits })),
        ),
        most: 1,
      },
    ],
  },
  {
    ...{ id: 42, inject: "a code in one packet only", expected: "latched all the same" },
    budget: STATE_FAULT,
    trials: only({
      ...{ modes: CODE_MODES, expect: "stop" },
      // The next setpoint clears it in the controller, so that one push carries it.
      inject: async (context) => await faultNow(context, { kind: "system-error", code: 0x100d }),
      after: async ({ rig }) => (rig.operator.state?.mode === "fault" ? [] : ["it is not latched"]),
    }),
  },
  {
    ...{ id: 43, inject: "enable flag 1 to 0", expected: "R5" },
    budget: { reaction: 20, still: null },
    trials: only({
      ...{ modes: CODE_MODES, expect: "stop" },
      inject: async (context) => {
        return await faultNow(context, { kind: "joint-disabled", joint: 1 + context.random.index(7) });
      },
    }),
  },
  {
    ...{ id: 44, inject: "temperature 60 to 95, -1, none", expected: "warn, R2, R4" },
    budget: { reaction: 50, still: 250 },
    cannot: "warning and R2 are not told from undisturbed motion; 85 degrees are reached after 1.47 s",
    trials: [
      {
        ...{ name: "60 to 95", modes: MOVING, expect: "rest", watch: 3 },
        inject: async ({ rig }) => {
          const since = await rig.impair({ target: "udp", alter: { how: "temperature-ramp", count: null } });
          return { pushAfter: since + 1.47 };
        },
      },
      { name: "-1", modes: MOVING, expect: "rest", inject: alter("temperature-negative", null) },
      { name: "none", modes: MOVING, expect: "rest", inject: alter("temperature-null", null) },
    ],
  },
  {
    ...{ id: 45, inject: "voltage 24 to 19 V in 200 ms", expected: "R4 before 20 V" },
    budget: { reaction: 110, still: 300 },
    cannot:
      "20 V are reached 20 ms after 20.5 V, and AR-05 waits for 90: the times are counted from 20.5 V, 140 ms after the sag began",
    trials: only({
      ...{ modes: MOVING, expect: "rest" },
      inject: async ({ rig }) => {
        const since = await rig.impair({ target: "udp", alter: { how: "voltage-sag", count: null } });
        // At 140 ms it is 20.5 V, in the push after that less.
        return { pushAfter: since + 0.145 };
      },
    }),
  },
  {
    ...{ id: 46, inject: "current x 2.5 on J2", expected: "R4" },
    budget: { reaction: 50, still: 250 },
    trials: only({ modes: MOVING, expect: "rest", inject: alter("current-surge", null) }),
  },
  {
    ...{ id: 47, inject: "overspeed x 1.6 measured", expected: "R5" },
    budget: { reaction: 20, still: 200 },
    trials: only({ modes: MOVING, expect: "stop", inject: alter("overspeed", null) }),
  },
  {
    ...{ id: 48, inject: "following error 10 degrees", expected: "R4" },
    budget: { reaction: 70, still: 250 },
    trials: only({ modes: MOVING, expect: "rest", inject: alter("offset", null) }),
  },
  {
    ...{ id: 49, inject: "drift 2 deg/s in HOLD", expected: "R5 and siren" },
    budget: { reaction: 520, still: null },
    cannot: "there is no siren",
    trials: only({ modes: ["hold"], expect: "stop", watch: 1.5, inject: alter("drift", null) }),
  },
  {
    ...{
      id: 50,
      inject: "controller restarts",
      expected: "DISCONNECTED, handshake anew, latched, no motion by itself",
    },
    budget: { reaction: 110, still: null },
    cannot: "3 s instead of 50 s",
    trials: only({
      ...{ modes: MOVING, expect: "left", watch: 3 },
      inject: async ({ rig }) => {
        await rig.inject({ kind: "restart", seconds: 3 });
        return { mark: "restart", seen: "at-once" };
      },
      after: async ({ rig }) => {
        // AR-17: its running time has fallen.
        await rig.operator.next("state", ({ mode }) => mode === "fault", 15_000);
        await pause(0.5);
        if (rig.operator.state?.mode !== "fault") {
          return [`it is ${rig.operator.state?.mode} by itself`];
        }
        const refusal = await acknowledged(rig);
        return refusal === null ? [] : [`it cannot be acknowledged: ${refusal}`];
      },
    }),
  },
  {
    ...{ id: 51, inject: "wrong DH, dof, firmware, limits", expected: "R0" },
    budget: NO_BUDGET,
    cannot: "limits and payload only: the lab has one identity; test/rm75/arm-contract.test.ts tries the others",
    trials: [
      { name: "limits", ...refusedArm({ command: "set_joint_max_speed", joint_max_speed: [1, 10_000] }) },
      {
        // ML-18: it is read every second.
        ...{ name: "payload", modes: ["standby"], expect: "checked", watch: 0.1 },
        inject: async ({ rig }) => {
          await rig.inject({ kind: "payload", gram: 620 });
          return hostClock.now();
        },
        after: async ({ rig }) => {
          const instruction = await rig.instruction(0);
          await pause(1.5);
          const ended = rig.operator.next("progress", ({ phase }) => phase === "failed" || phase === "acting", 10_000);
          // Nothing follows a refusal.
          ended.catch(() => undefined);
          const reply = await rig.operator.held({ type: "instruct", instruction, homeFirst: false, confirm: true });
          // The arm process refuses to engage; the daemon takes the task and tells that.
          const { phase, detail } = reply.type === "refused" ? { phase: "failed", detail: reply.message } : await ended;
          const { mode } = await rig.operator.next("state", () => true, 10_000);
          await rig.inject({ kind: "clear" });
          return phase === "failed" && mode === "standby"
            ? []
            : [`with another load it is ${phase} (${mode}): ${detail}`];
        },
      },
    ],
  },
  {
    ...{ id: 52, inject: "collision level read back as 0", expected: "R0" },
    budget: NO_BUDGET,
    trials: [
      { name: "before", ...refusedArm({ command: "set_collision_stage", collision_stage: 0 }) },
      {
        // It is read every 5 s.
        ...{ name: "in use", modes: ["hold"], expect: "stop", watch: 7, fresh: true },
        inject: async ({ rig }) => {
          const at = hostClock.now();
          await tellArm(rig, { command: "set_collision_stage", collision_stage: 0 });
          return at;
        },
      },
    ],
  },
];

function udp(impairment: ImpairmentRequest) {
  return async ({ rig }: TrialContext) => await rig.impair(impairment);
}

function alter(how: Alteration, count: number | null) {
  return async ({ rig }: TrialContext) => {
    return { pushAfter: await rig.impair({ target: "udp", alter: { how, count } }) };
  };
}

function fault(what: Fault) {
  return async ({ rig }: TrialContext) => {
    await rig.inject(what);
    return { mark: what.kind, seen: "next-push" } as const;
  };
}

async function faultNow({ rig }: TrialContext, what: Fault) {
  await rig.inject(what);
  return { mark: what.kind, seen: "next-push" } as const;
}

function pick<T>(list: readonly T[], { run, random }: TrialContext): T {
  const one = list[(run + random.index(list.length)) % list.length];
  if (one === undefined) {
    throw new RangeError("an empty list");
  }
  return one;
}

/** Every fault of a list, one after the other, from standing: each must latch, and be gone after its acknowledgement. */
function sweep(name: string, faults: readonly Fault[]): Trial {
  return {
    ...{ name, modes: ["standby"], expect: "checked", watch: 0.1 },
    inject: async () => hostClock.now(),
    after: async ({ rig }) => {
      const problems: string[] = [];
      for (const one of faults) {
        const latched = rig.operator.next("state", ({ mode }) => mode === "fault", 1000);
        latched.catch(() => undefined);
        await rig.inject(one);
        const words = JSON.stringify(one);
        if ((await latched.catch(() => null)) === null) {
          problems.push(`${words} did not latch`);
          continue;
        }
        const refusal = await acknowledged(rig);
        if (refusal !== null) {
          problems.push(`${words} cannot be acknowledged: ${refusal}`);
          await rig.recover();
        }
      }
      return problems;
    },
  };
}

/** A cause has to be gone for a while before it may be acknowledged. */
const ACKNOWLEDGED_WITHIN = 4;

/** Acknowledges as soon as that is possible; why not, where it is not. */
async function acknowledged(rig: FaultRig): Promise<string | null> {
  const until = hostClock.now() + ACKNOWLEDGED_WITHIN;
  for (;;) {
    const reply = await rig.operator.held({ type: "acknowledge", reason: "fault suite" });
    if (reply.type !== "refused") {
      return null;
    }
    if (hostClock.now() > until) {
      return reply.message;
    }
    await pause(0.1);
  }
}

/** An arm whose settings somebody changed must not be accepted when it is connected anew. */
function refusedArm(change: object): Omit<Trial, "name"> {
  return {
    ...{ modes: ["standby"], expect: "checked", watch: 0.1, fresh: true },
    inject: async () => hostClock.now(),
    after: async ({ rig }) => {
      const instruction = await rig.instruction(0);
      await tellArm(rig, change);
      await rig.inject({ kind: "close-connections", reset: true });
      await pause(1.5);
      const reply = await rig.operator.held({ type: "instruct", instruction, homeFirst: false, confirm: true });
      return reply.type === "refused" ? [] : ["an instruction was accepted with the arm's settings changed"];
    },
  };
}

/** One command from another client of the arm. */
async function tellArm(rig: FaultRig, command: object): Promise<void> {
  const { link } = rig.system.config.arm;
  const client = connect(link.kind === "tcp" ? { host: link.host, port: link.port } : { port: 0 });
  client.on("error", () => undefined);
  await new Promise((resolve) => client.once("connect", resolve));
  client.write(`${JSON.stringify(command)}\r\n`);
  await new Promise((resolve) => client.once("data", resolve));
  client.destroy();
}

/** Datagrams that look like the arm's, from an address that is not the arm's; 20 000 a second. */
async function spoof(rig: FaultRig, seconds: number): Promise<void> {
  const { push } = rig.system.config.arm;
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.2", resolve));
  const wrong = Buffer.from('{"state":"realtime_arm_joint_state","arm_err":4109,"sys_err":0,"joint_status":{}}\r\n');
  const until = hostClock.now() + seconds;
  while (hostClock.now() < until) {
    for (let burst = 0; burst < 100; burst += 1) {
      socket.send(wrong, push.port, push.host);
    }
    await pause(0.005);
  }
  socket.close();
}
