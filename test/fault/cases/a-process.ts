import { spawn } from "node:child_process";
import { hostClock } from "../../../daemon/ports/clock.js";
import { isAlive } from "../../scenario/rig.js";
import { framesOf } from "../history/frames.js";
import { type FaultRig, type Part, pause } from "../rig/fault-rig.js";
import { ASKED, cannotRun, type FaultCase, MOVING, NO_BUDGET, only, type TrialContext } from "./case.js";

const ENGAGED = [...MOVING, "hold"] as const;

/** A. Processes. The catalogue's "daemon" is what commands the arm: here the arm process; the daemon is tried besides. */
export const PROCESS_CASES: readonly FaultCase[] = [
  {
    ...{ id: 1, inject: "SIGKILL daemon", expected: "guardian set_arm_stop; restart into FAULT" },
    budget: { reaction: 20, still: 200 },
    trials: [
      { name: "arm process", modes: ENGAGED, expect: "stop", fresh: true, inject: kill("arm") },
      // A leader arm goes on without the daemon.
      { name: "daemon", modes: ASKED, expect: "rest", fresh: true, inject: kill("daemon") },
    ],
  },
  {
    ...{ id: 2, inject: "SIGSTOP daemon", expected: "the same" },
    budget: { reaction: 120, still: 300 },
    trials: [
      {
        ...{ name: "arm process", modes: ENGAGED, expect: "stop", fresh: true },
        inject: async ({ rig }) => rig.signal("arm", "SIGSTOP"),
        after: async ({ rig }) => {
          // Going on must not move the arm: the record of the next half second shows it.
          rig.signal("arm", "SIGCONT");
          await pause(0.5);
          return [];
        },
      },
      {
        ...{ name: "daemon", modes: ["policy"], expect: "rest", fresh: true },
        // Its operator's beats come through it: OP-01 leaves 500 ms in POLICY.
        budget: { reaction: 530, still: 730 },
        inject: async ({ rig }) => rig.signal("daemon", "SIGSTOP"),
        after: resume("daemon"),
      },
    ],
  },
  {
    ...{ id: 3, inject: "SIGKILL guardian", expected: "daemon R3, cannot arm" },
    budget: { reaction: 120, still: 300 },
    trials: only({
      ...{ modes: MOVING, expect: "rest", fresh: true },
      inject: kill("guardian"),
      after: async ({ rig }) => {
        const reply = await rig.operator.held({ type: "home" });
        return reply.type === "refused" ? [] : ["motion was accepted without a guardian"];
      },
    }),
  },
  {
    ...{ id: 4, inject: "kill both, then either first", expected: "arm per H-1 and relay watchdog" },
    budget: { reaction: null, still: 500 },
    cannot: "the relay watchdog is hardware; the virtual controller holds where its stream ends",
    trials: only({
      ...{ modes: MOVING, expect: "checked", fresh: true },
      inject: async ({ rig, random }) => {
        const order: readonly Part[] = random.chance(0.5) ? ["arm", "guardian"] : ["guardian", "arm"];
        const at = hostClock.now();
        for (const part of order) {
          rig.signal(part, "SIGKILL");
        }
        return at;
      },
    }),
  },
  {
    ...{ id: 5, inject: "throw in supervisor, limiter, codec, recorder", expected: "R5, exit 70" },
    budget: { reaction: 20, still: 200 },
    trials: only({
      ...{ modes: ENGAGED, expect: "stop", fresh: true },
      inject: async ({ rig }) => rig.provoke("arm", { kind: "throw" }),
      after: hasEnded("arm"),
    }),
  },
  {
    ...{ id: 6, inject: "unhandled rejection", expected: "as 5" },
    budget: { reaction: 20, still: 200 },
    trials: only({
      ...{ modes: ENGAGED, expect: "stop", fresh: true },
      inject: async ({ rig }) => rig.provoke("arm", { kind: "reject" }),
      after: hasEnded("arm"),
    }),
  },
  {
    ...{ id: 7, inject: "main loop blocked 5 s", expected: "stream unaffected until OP-01, then R3" },
    // OP-01 leaves 500 ms in POLICY, 200 ms elsewhere.
    budget: { reaction: 250, still: 400 },
    trials: [
      { ...blocked("policy"), budget: { reaction: 550, still: 700 } },
      { ...blocked("homing"), budget: { reaction: 250, still: 400 } },
    ],
  },
  {
    ...{ id: 8, inject: "worker blocked 200 ms", expected: "guardian stop" },
    budget: { reaction: 120, still: 300 },
    trials: only({
      ...{ modes: ENGAGED, expect: "stop" },
      inject: async ({ rig }) => rig.provoke("arm", { kind: "block", seconds: 0.2 }),
    }),
  },
  {
    ...{ id: 9, inject: "500 MB heap churn", expected: "worker late at most 20 ms, no stop" },
    budget: NO_BUDGET,
    trials: only({
      ...{ modes: ["policy"], expect: "undisturbed", watch: 3 },
      inject: async ({ rig }) => rig.provoke("daemon", { kind: "churn", megabytes: 500 }),
      judge: ({ history, rig }) => gaps(history.commands, rig.bounds.period, 0.03),
    }),
  },
  cannotRun(10, "cgroup OOM kill", "as 1", "needs a cgroup of its own; the kernel's kill is the SIGKILL of case 1"),
  {
    ...{ id: 11, inject: "descriptors exhausted", expected: "refuse clients, no effect on the tick; HO-08: R3" },
    budget: NO_BUDGET,
    trials: only({
      // It reads once a second what it uses.
      ...{ modes: ["policy"], expect: "rest", fresh: true, watch: 3 },
      inject: async ({ rig }) => rig.provoke("daemon", { kind: "descriptors" }),
      judge: ({ history, rig }) => gaps(history.commands, rig.bounds.period, 0.03),
    }),
  },
  {
    ...{ id: 12, inject: "CPU 100 % x (cores + 2), low priority", expected: "tick p99.9 at most 10 ms" },
    budget: NO_BUDGET,
    trials: only({
      ...{ modes: ["policy"], expect: "undisturbed", watch: 4, most: 3 },
      inject: async () => {
        const at = hostClock.now();
        for (let burner = 0; burner < 4; burner += 1) {
          spawn("nice", ["-n", "29", "timeout", "4", process.execPath, "-e", "for(;;);"], { stdio: "ignore" });
        }
        return at;
      },
      judge: ({ history, rig }) => gaps(history.commands, rig.bounds.period, 0.03),
    }),
  },
  {
    ...{ id: 13, inject: "service stopped in each mode", expected: "R3, then exit within 3 s" },
    budget: { reaction: 20, still: 200 },
    trials: [
      {
        ...{ name: "arm process", modes: ENGAGED, expect: "rest", fresh: true, watch: 3 },
        inject: async ({ rig }) => rig.signal("arm", "SIGTERM"),
        after: hasEnded("arm"),
      },
      {
        ...{ name: "daemon", modes: ASKED, expect: "rest", fresh: true, watch: 3 },
        inject: async ({ rig }) => rig.signal("daemon", "SIGTERM"),
        after: hasEnded("daemon"),
      },
    ],
  },
  {
    ...{ id: 14, inject: "SIGTERM storm", expected: "as 13" },
    budget: { reaction: 20, still: 200 },
    trials: only({
      ...{ modes: MOVING, expect: "rest", fresh: true, watch: 3 },
      inject: async ({ rig }) => {
        const at = rig.signal("arm", "SIGTERM");
        for (let more = 0; more < 20; more += 1) {
          await pause(0.002);
          if (isAlive(rig.pid("arm"))) {
            rig.signal("arm", "SIGTERM");
          }
        }
        return at;
      },
      after: hasEnded("arm"),
    }),
  },
  {
    ...{ id: 15, inject: "host suspended", expected: "R5 on wake, no stale frame" },
    budget: { reaction: 50, still: 200 },
    cannot: "2 s by signals to every process of ours instead of 10 s of the whole machine",
    trials: only({
      ...{ modes: ENGAGED, expect: "stop", fresh: true },
      inject: async ({ rig }) => {
        for (const part of SUSPENDED) {
          rig.signal(part, "SIGSTOP");
        }
        await pause(2);
        const at = hostClock.now();
        for (const part of SUSPENDED) {
          rig.signal(part, "SIGCONT");
        }
        return at;
      },
    }),
  },
];

const SUSPENDED: readonly Part[] = ["arm", "guardian", "daemon", "policy", "vision"];

function kill(part: Part) {
  return async ({ rig }: TrialContext) => rig.signal(part, "SIGKILL");
}

function resume(part: Part) {
  return async ({ rig }: TrialContext): Promise<readonly string[]> => {
    rig.signal(part, "SIGCONT");
    return [];
  };
}

function blocked(mode: "policy" | "homing") {
  return {
    ...{ name: mode, modes: [mode], expect: "rest" as const, watch: 6 },
    inject: async ({ rig }: TrialContext) => rig.provoke("daemon", { kind: "block", seconds: 5 }),
  };
}

function hasEnded(part: Part) {
  return async ({ rig }: { readonly rig: FaultRig }): Promise<readonly string[]> =>
    isAlive(rig.pid(part)) ? [`the ${part} still runs`] : [];
}

/** Gaps in the stream longer than `most`, in words. */
function gaps(commands: Parameters<typeof framesOf>[0], period: number, most: number): readonly string[] {
  const frames = framesOf(commands, period);
  const widest = Math.max(0, ...frames.map(({ at, first }, index) => (first ? 0 : at - (frames[index - 1]?.at ?? at))));
  return widest > most ? [`a setpoint came ${(widest * 1000).toFixed(0)} ms after the one before`] : [];
}
