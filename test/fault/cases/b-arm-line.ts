import { connect } from "node:net";
import { hostClock } from "../../../daemon/ports/clock.js";
import type { Seconds } from "../../../daemon/types/units.js";
import type { Fault } from "../../../drivers/virtual-lab/controller/fault.js";
import { type FaultRig, pause } from "../rig/fault-rig.js";
import { type FaultCase, MOVING, NO_BUDGET, type Outcome, only, type Trial, type TrialContext } from "./case.js";

/** A pendant says again what came to nothing, after some time and so many times in all. */
const PENDANT_PERIOD: Seconds = 0.083;
const PENDANT_COMMANDS = 5;
/** One that goes on does not wait for what comes of it. */
const PENDANT_HASTE: Seconds = 0.007;

/** B. The arm's TCP line. */
export const ARM_LINE_CASES: readonly FaultCase[] = [
  {
    ...{ id: 16, inject: "FIN in motion", expected: "FAULT, DISCONNECTED" },
    budget: { reaction: 20, still: null },
    trials: only({ modes: MOVING, expect: "left", inject: closed(false) }),
  },
  {
    ...{ id: 17, inject: "RST in motion", expected: "the same" },
    budget: { reaction: 20, still: null },
    trials: only({ modes: MOVING, expect: "left", inject: closed(true) }),
  },
  {
    ...{ id: 18, inject: "blackhole (half-open)", expected: "R3 at 100 ms, RST, nothing replayed" },
    budget: { reaction: 120, still: 300 },
    trials: only({
      ...{ modes: MOVING, expect: "left", watch: 2 },
      inject: async ({ rig }) => {
        const at = await rig.impair({ target: "udp", drop: { count: null } });
        await rig.impair({ target: "tcp", down: true });
        return at;
      },
      after: lineBack,
      judge: nothingAfter("clear"),
    }),
  },
  {
    ...{ id: 19, inject: "arm stops reading 2 s", expected: "at most 10 frames in flight, none executed after RST" },
    budget: { reaction: 120, still: 300 },
    trials: only({
      ...{ modes: MOVING, expect: "left", watch: 3 },
      inject: async ({ rig }) => {
        await rig.inject({ kind: "stall-reading", seconds: 2 });
        return { mark: "stall-reading", seen: "at-once" };
      },
      judge: ({ history, visibleAt }) => {
        const replayed = history.commands.filter(
          ({ at, command }) => command === "movej_canfd" && at > visibleAt + 1.9 && at < visibleAt + 2.2,
        );
        return replayed.length > 10 ? [`${replayed.length} frames that had waited were executed, at most 10`] : [];
      },
    }),
  },
  {
    ...{ id: 20, inject: "latency 50, 100, 300 ms", expected: "warn, R2, R3" },
    budget: { reaction: 220, still: 400 },
    trials: [
      { name: "50 ms", modes: MOVING, expect: "undisturbed", inject: latency(0.05) },
      // The row asks for R2, and AR-13 for no more than ten setpoints in flight: the stricter.
      { name: "100 ms", modes: MOVING, expect: "left", inject: latency(0.1) },
      { name: "300 ms", modes: MOVING, expect: "left", inject: latency(0.3) },
    ],
  },
  {
    ...{ id: 21, inject: "jitter +-40 ms", expected: "no burst of more than one frame in 5 ms from us" },
    budget: NO_BUDGET,
    cannot: "the line itself makes bursts; judged is that no promise breaks",
    trials: only({
      ...{ modes: MOVING, expect: "checked", watch: 2 },
      inject: async ({ rig }) => await rig.impair({ target: "tcp", latency: 0.04, jitter: 0.04 }),
    }),
  },
  {
    ...{ id: 22, inject: "bandwidth 1 kB/s", expected: "R3" },
    budget: { reaction: 150, still: 350 },
    trials: only({
      ...{ modes: MOVING, expect: "left", watch: 2 },
      inject: async ({ rig }) => await rig.impair({ target: "tcp", bytesPerSecond: 1000 }),
    }),
  },
  {
    ...{ id: 23, inject: "replies in pieces of one byte", expected: "parsed identically" },
    budget: NO_BUDGET,
    trials: only({
      ...{ modes: MOVING, expect: "undisturbed" },
      inject: async ({ rig }) => await rig.impair({ target: "tcp", slice: 1 }),
    }),
  },
  {
    ...{ id: 24, inject: "a line of 1 MiB, no newline", expected: "drop, R4" },
    budget: { reaction: 50, still: 250 },
    trials: only({ modes: MOVING, expect: "stop", inject: bytes(Buffer.alloc(1024, "x"), 1024) }),
  },
  {
    ...{ id: 25, inject: "garbage, invalid UTF-8", expected: "dropped; 5 a second R4" },
    budget: { reaction: 220, still: 400 },
    trials: [
      { name: "once", modes: MOVING, expect: "undisturbed", inject: bytes(GARBAGE()) },
      {
        ...{ name: "5 a second", modes: MOVING, expect: "stop", watch: 2 },
        // The catalogue's times begin with the first of five lines 50 ms apart; before the fifth there is nothing to see.
        // Each line comes on both connections of the daemon, so the fifth is in the third sending.
        budget: { reaction: 20, still: 200 },
        inject: async ({ rig }) => {
          await send(rig, GARBAGE());
          await pause(0.1);
          await send(rig, GARBAGE());
          await pause(0.1);
          return await send(rig, GARBAGE());
        },
      },
    ],
  },
  {
    ...{ id: 26, inject: "receive_state false to the stream", expected: "R4" },
    budget: { reaction: 30, still: 250 },
    trials: only({
      modes: MOVING,
      expect: "stop",
      inject: bytes(reply({ command: "movej_canfd", receive_state: false })),
    }),
  },
  {
    ...{ id: 27, inject: "set_arm_stop is refused or ignored", expected: "3 retries, then R6 and relay" },
    budget: { reaction: 350, still: null },
    cannot: "the lab of the suite has no relay; test/arm/cell-box.test.ts sees it open",
    trials: [
      { ...unstoppable("refused", { kind: "refuse-stop" }) },
      // It says that it stops, and moves on: the daemon has to see that for itself.
      { ...unstoppable("ignored", { kind: "drift", joint: 1, degreesPerSecond: 6 }), breaks: ["C7"] },
    ],
  },
  {
    ...{ id: 28, inject: "replies swapped, doubled", expected: "correlation error, R4" },
    budget: { reaction: 50, still: 250 },
    trials: only({
      ...{ modes: MOVING, expect: "stop" },
      // Both are answers to what the daemon asks, and neither question is open.
      inject: bytes(Buffer.concat([reply({ command: "get_DH_data" }), reply({ state: "controller_state" })])),
    }),
  },
  {
    ...{ id: 29, inject: "connection refused", expected: "stays DISCONNECTED, back-off 0.5 to 5 s" },
    budget: NO_BUDGET,
    cannot: "an accept that takes 30 s needs a listener of its own",
    trials: only({
      ...{ modes: MOVING, expect: "left", budget: { reaction: 20, still: null }, watch: 4 },
      inject: async ({ rig }) => {
        await rig.inject({ kind: "refuse-connect" });
        await rig.inject({ kind: "close-connections", reset: true });
        return { mark: "close-connections", seen: "at-once" };
      },
      after: async ({ rig }) => (rig.operator.state?.mode === "disconnected" ? [] : ["it is not disconnected"]),
    }),
  },
  {
    ...{ id: 30, inject: "a second client drives the arm", expected: "OP-06, R5" },
    budget: { reaction: 30, still: 200 },
    trials: [
      {
        ...{ name: "says again what came to nothing", modes: [...MOVING, "hold"], expect: "stop" },
        inject: async ({ rig }) => {
          const command = await pendant(rig);
          let at = Number.NaN;
          // Of a command that the stream's next setpoint replaces before the arm's next report there is nothing to see.
          for (let count = 0; count < PENDANT_COMMANDS && rig.operator.state?.mode !== "fault"; count++) {
            at = command();
            await pause(PENDANT_PERIOD);
          }
          return { pushAfter: at };
        },
      },
      {
        ...{ name: "goes on after our stop", modes: [...MOVING, "hold"], expect: "stop" },
        inject: async ({ rig }) => {
          const command = await pendant(rig);
          const at = command();
          for (let count = 1; count < PENDANT_COMMANDS; count++) {
            await pause(PENDANT_HASTE);
            command();
          }
          return { pushAfter: at };
        },
      },
    ],
  },
];

/** A second client of the arm, for a second; what comes back sends its `movej`, and says when. */
async function pendant(rig: FaultRig): Promise<() => number> {
  const { link } = rig.system.config.arm;
  const joint = [20_000, 0, 0, 60_000, 0, 60_000, 0];
  const command = reply({ command: "movej", joint, v: 20, r: 0, trajectory_connect: 0 });
  const socket = connect({
    host: link.kind === "tcp" ? link.host : "",
    port: link.kind === "tcp" ? link.port : 0,
  });
  socket.on("error", () => undefined);
  await new Promise((resolve) => socket.once("connect", resolve));
  setTimeout(() => socket.destroy(), 1000);
  return () => {
    const at = hostClock.now();
    socket.write(command);
    return at;
  };
}

/** A stop is asked for that the arm does not make: it has to be told again, at least three times. */
function unstoppable(name: string, fault: Fault): Trial {
  return {
    ...{ name, modes: MOVING, expect: "stop", watch: 2 },
    inject: async ({ rig }) => {
      const at = hostClock.now();
      await rig.inject(fault);
      await rig.operator.stop("fault suite");
      return at;
    },
    judge: ({ history }) => {
      const stops = history.commands.filter(({ command }) => command === "set_arm_stop").length;
      return stops >= 4 ? [] : [`${stops} stops were sent to an arm that went on, at least 4 are needed`];
    },
  };
}

/** Bytes that are no message. */
function GARBAGE(): Buffer {
  return Buffer.from("\xff\xfe\x00{]\r\n", "latin1");
}

/** A message of the arm. */
function reply(message: object): Buffer {
  return Buffer.from(`${JSON.stringify(message)}\r\n`);
}

async function send(rig: FaultRig, what: Buffer, repeat = 1): Promise<number> {
  return await rig.impair({ target: "tcp-bytes", base64: what.toString("base64"), repeat });
}

function bytes(what: Buffer, repeat = 1) {
  return async ({ rig }: TrialContext) => await send(rig, what, repeat);
}

function closed(reset: boolean) {
  return async ({ rig }: TrialContext) => {
    await rig.inject({ kind: "close-connections", reset });
    return { mark: "close-connections", seen: "at-once" } as const;
  };
}

/** Of the TCP line alone: a late push is row 36's. */
function latency(seconds: number) {
  return async ({ rig }: TrialContext) => await rig.impair({ target: "tcp", latency: seconds });
}

async function lineBack({ rig }: TrialContext): Promise<readonly string[]> {
  await rig.impair({ target: "clear" });
  await pause(1);
  return [];
}

/** No setpoint may arrive once the line is back: nobody asked for one. */
function nothingAfter(mark: string) {
  return ({ history }: Outcome): readonly string[] => {
    const since = history.marks.find(({ what }) => what === mark)?.at ?? Infinity;
    const late = history.commands.filter(({ at, command }) => at >= since && command === "movej_canfd").length;
    return late === 0 ? [] : [`${late} frames were executed when the line was back`];
  };
}
