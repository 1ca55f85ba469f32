import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { need } from "../../../daemon/cli/operator-link.js";
import { readToken } from "../../../daemon/operator/token.js";
import { hostClock } from "../../../daemon/ports/clock.js";
import { projectPath } from "../../../daemon/ports/project-path.js";
import type { Hand } from "../../puppet/hand.js";
import { fastest, framesOf } from "../history/frames.js";
import { FaultRig, pause } from "../rig/fault-rig.js";
import { leaderBeside } from "../rig/leader.js";
import { rawOperator } from "../rig/raw-operator.js";
import { ASKED, type FaultCase, MOVING, NO_BUDGET, only, type Trial, type TrialContext } from "./case.js";

/** E. Teleoperation and operators. */
export const OPERATOR_CASES: readonly FaultCase[] = [
  {
    ...{ id: 74, inject: "leader unplugged, frozen, silent 10 s", expected: "R3" },
    budget: { reaction: 110, still: 310 },
    cannot: "the silence is watched for 2 s, which is as long as ten",
    trials: [
      led("unplugged", 1, (hand) => hand.unplug()),
      led("silent", 2, (hand) => hand.fault({ silent: true })),
      { ...led("frozen", 1.5, (hand) => hand.fault({ frozen: true })), budget: { reaction: 520, still: 720 } },
      led("garbage on its line", 2, (hand) => hand.fault({ wrongBytes: 1 })),
      {
        ...{ name: "its process hangs", modes: ["teleop"], expect: "rest" },
        inject: async ({ rig }) => rig.signal("puppet", "SIGSTOP"),
        after: async ({ rig }) => {
          rig.signal("puppet", "SIGCONT");
          return [];
        },
      },
      {
        ...{ name: "its process dies", modes: ["teleop"], expect: "rest", fresh: true },
        inject: async ({ rig }) => rig.signal("puppet", "SIGKILL"),
      },
      // Slower from 60 ms on, but nothing ends before 95 ms (OP-09). The last reading is up to 8 ms old when silence begins,
      // and a question into its end is waited for 30 ms longer.
      { ...led("silent for 50 ms", 1, (hand) => hand.gap(0.05)), expect: "undisturbed" },
    ],
  },
  {
    ...{ id: 75, inject: "leader jumps 30 degrees in one sample", expected: "R3" },
    budget: { reaction: 20, still: 200 },
    trials: [led("", 1, (hand) => hand.glitch(3, 30))],
  },
  {
    ...{ id: 76, inject: "engaged 20 degrees misaligned; J3 mirrored", expected: "ALIGN, R0" },
    budget: NO_BUDGET,
    trials: [
      {
        ...{ name: "misaligned", modes: ["hold"], expect: "checked", watch: 2 },
        inject: async ({ rig }) => {
          await leaderBeside(rig, 20);
          return await handOf(rig).button(true);
        },
        judge: ({ history, rig }) => [
          ...(history.reports.some(({ mode }) => mode === "teleop") ? ["it follows a leader 20 degrees away"] : []),
          ...(framesOf(history.commands, rig.bounds.period).some((frame) => fastest(frame) > 0.001)
            ? ["the arm moves"]
            : []),
        ],
      },
      {
        ...{ name: "J3 mirrored", modes: ["standby"], expect: "checked", watch: 0, most: 1 },
        inject: async () => hostClock.now(),
        after: mirrored,
      },
    ],
  },
  {
    ...{ id: 77, inject: "beats lost, late by 150 or 250 ms, tab frozen, half-open", expected: "nothing or R3" },
    budget: { reaction: 230, still: 430 },
    trials: [
      ...lost("half-open", async ({ rig }) => {
        rig.line.set({ down: true });
        // The last beat that passed is when the operator was last heard.
        return rig.line.lastAt();
      }),
      {
        ...{ name: "late by 150 ms", modes: ASKED, expect: "undisturbed" },
        inject: async ({ rig }) => rig.line.set({ latency: 0.075 }),
      },
      {
        ...{ name: "late by 250 ms", modes: ["policy"], expect: "undisturbed" },
        inject: async ({ rig }) => rig.line.set({ latency: 0.125 }),
      },
      {
        ...{ name: "tab frozen", modes: ["policy"], expect: "rest", watch: 2 },
        // A view 0.5 s old is one that is not seen, then OP-01 leaves 500 ms in POLICY.
        budget: { reaction: 1130, still: 1330 },
        // It goes on beating, but with what it saw last.
        inject: async ({ rig }) => rig.line.set({ down: true }, "deaf"),
      },
    ],
  },
  {
    ...{ id: 78, inject: "deadman released at every phase", expected: "R3" },
    budget: { reaction: 20, still: 170 },
    trials: [
      {
        ...{ name: "", modes: ASKED, expect: "rest", holdToRun: true },
        inject: async ({ rig }) => {
          const at = hostClock.now();
          rig.operator.client.hold(false);
          return at;
        },
      },
      {
        ...{ name: "control released", modes: ASKED, expect: "rest" },
        inject: async ({ rig }) => {
          const at = hostClock.now();
          await rig.operator.releaseControl();
          return at;
        },
      },
      led("leader's button", 1, (hand) => hand.button(false)),
    ],
  },
  {
    ...{ id: 79, inject: "two clients race for the lease 10 000 times", expected: "one holder, fenced" },
    budget: NO_BUDGET,
    cannot: "300 times a run: clients are limited to 200 messages a second",
    trials: only({
      ...{ modes: ["standby"], expect: "checked", watch: 0.1, most: 2 },
      inject: async () => hostClock.now(),
      after: race,
    }),
  },
  {
    ...{ id: 80, inject: "takeover in motion", expected: "R3 first" },
    budget: { reaction: 20, still: 200 },
    trials: only({
      ...{ modes: ASKED, expect: "rest" },
      inject: async ({ rig }) => {
        const supervisor = await rig.supervisor();
        const at = hostClock.now();
        await supervisor.takeOver();
        return at;
      },
      after: async ({ rig }) => (rig.operator.client.isInControl ? ["the former holder still has control"] : []),
    }),
  },
  {
    ...{ id: 81, inject: "an old lease replays 1000 commands", expected: "R0 for all" },
    budget: NO_BUDGET,
    trials: only({
      ...{ modes: ["standby"], expect: "checked", watch: 0.1, most: 1 },
      inject: async () => hostClock.now(),
      after: replayOldLease,
    }),
  },
  {
    ...{ id: 82, inject: "stop and engage cross on their way", expected: "stop wins" },
    budget: { reaction: 20, still: 200 },
    trials: only({
      ...{ modes: [...MOVING, "hold"], expect: "stop" },
      inject: async ({ rig, random }) => {
        const viewer = await rig.another("viewer");
        const motion = pause(random.between(0, 0.004)).then(() => rig.operator.held({ type: "home" }));
        motion.catch(() => undefined);
        await pause(random.between(0, 0.004));
        const at = hostClock.now();
        await viewer.stop("fault suite");
        return at;
      },
      after: async ({ rig }) => (rig.operator.state?.mode === "fault" ? [] : ["the stop did not win"]),
    }),
  },
  {
    ...{ id: 83, inject: "STOP from a viewer during 50 000 messages a second", expected: "R5" },
    budget: { reaction: 50, still: 250 },
    trials: only({
      ...{ modes: ["policy", "teleop", "hold"], expect: "stop" },
      inject: async ({ rig }) => {
        const viewer = await rig.another("viewer", "own");
        const floods = await Promise.all([flood(rig, 25_000, 4), flood(rig, 25_000, 4)]);
        await pause(1);
        const at = hostClock.now();
        await viewer.stop("fault suite");
        setTimeout(() => {
          for (const one of floods) {
            one.kill();
          }
        }, 500);
        return at;
      },
    }),
  },
  {
    ...{ id: 84, inject: "acknowledgement while the cause lasts, by the wrong one", expected: "R0" },
    budget: NO_BUDGET,
    trials: only({
      ...{ modes: [...MOVING, "hold"], expect: "stop", budget: { reaction: 50, still: 250 } },
      inject: async ({ rig }) => {
        const at = hostClock.now();
        await rig.operator.stop("fault suite");
        return at;
      },
      after: async ({ rig }) => {
        const viewer = await rig.another("viewer");
        const reply = await viewer.held({ type: "acknowledge", reason: "not mine" });
        return reply.type === "refused" ? [] : ["an acknowledgement without control was accepted"];
      },
    }),
  },
];

function handOf({ hand }: FaultRig): Hand {
  if (hand === null) {
    throw new Error("this system has no leader arm");
  }
  return hand;
}

/** Something happens to the leader while it moves the arm. */
function led(name: string, watch: number, fault: (hand: Hand) => Promise<number>): Trial {
  return {
    ...{ name, modes: ["teleop"], expect: "rest", watch },
    inject: async ({ rig }) => await fault(handOf(rig)),
  };
}

/** A system of its own whose leader has a joint that goes the other way: nothing may ever follow it. */
async function mirrored({ rig }: TrialContext): Promise<readonly string[]> {
  const configFile = projectPath("daemon", "config", "lab.yaml");
  const needs = { holdToRun: false, leader: "mirrored", cameras: false } as const;
  const other = await FaultRig.start({ configFile, realTime: rig.realTime, wallClock: null, ...needs });
  try {
    await other.goHome();
    await leaderBeside(other, 0);
    await handOf(other).button(true);
    await pause(1);
    const { reports } = await other.takeHistory();
    const phase = other.operator.state?.teleop?.phase;
    return [
      ...(phase === "refused" ? [] : [`the leader is ${phase}`]),
      ...(reports.some(({ mode }) => mode === "teleop") ? ["a mirrored leader is followed"] : []),
    ];
  } finally {
    await other.close();
  }
}

/** The operator is not heard any more: OP-01 leaves 200 ms, in POLICY 500. */
function lost(name: string, inject: Trial["inject"]): readonly Trial[] {
  return [
    { name, modes: ["policy"], expect: "rest", watch: 2, budget: { reaction: 530, still: 730 }, inject },
    { name, modes: ["homing"], expect: "rest", watch: 2, budget: { reaction: 230, still: 430 }, inject },
  ];
}

/** Resolves when it has begun: two programs that start take both cores of a small machine, which is no flood. */
async function flood(rig: FaultRig, rate: number, seconds: number): Promise<ChildProcess> {
  const { operatorUrl, tokenFile } = rig.system;
  const script = projectPath("dist", "test", "fault", "rig", "flood.js");
  const token = readToken(tokenFile);
  // The rig's own niceness is no flood's.
  const command = ["-n", "10", process.execPath, script, operatorUrl, token, String(rate), String(seconds)];
  const child = spawn("nice", command, { stdio: ["ignore", "pipe", "ignore"] });
  await once(child.stdout, "data");
  return child;
}

async function race({ rig }: TrialContext): Promise<readonly string[]> {
  const other = await rig.another("rival");
  await rig.operator.releaseControl();
  const problems: string[] = [];
  for (let round = 0; round < 300; round += 1) {
    const replies = await Promise.all([rig.operator.takeControl(), other.takeControl()]);
    const winners = replies.filter(({ type }) => type === "control-granted").length;
    if (winners !== 1) {
      problems.push(`round ${round}: ${winners} clients got control`);
    }
    await Promise.all([rig.operator, other].map((one) => (one.client.isInControl ? one.releaseControl() : null)));
    // Three messages a client and round, of 200 a second.
    await pause(0.02);
  }
  await need(rig.operator.takeControl(), "control-granted");
  return problems;
}

async function replayOldLease({ rig }: TrialContext): Promise<readonly string[]> {
  await rig.operator.releaseControl();
  const raw = await rawOperator(rig.system.operatorUrl, readToken(rig.system.tokenFile));
  raw.say({ type: "take-control", id: 1, name: "old" });
  const lease = (await raw.answer(1, 2))?.lease;
  raw.say({ type: "release-control", id: 2, lease, sequence: 1 });
  await raw.answer(2, 2);
  await need(rig.operator.takeControl(), "control-granted");
  for (let n = 0; n < 1000; n += 1) {
    raw.say({
      type: n % 2 === 0 ? "home" : "acknowledge",
      id: 10 + n,
      lease,
      sequence: 2 + n,
      ...(n % 2 === 0 ? {} : { reason: "replay" }),
    });
    await pause(0.006);
  }
  await pause(0.2);
  const accepted = raw.heard.filter((text) => text.includes('"accepted"')).length - 1;
  raw.socket.terminate();
  return accepted === 0 ? [] : [`${accepted} commands of an ended lease were accepted`];
}
