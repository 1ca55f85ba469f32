import type { Arm } from "../ports/arm.js";
import type { CellSwitch } from "../ports/cell-switch.js";
import type { Clock } from "../ports/clock.js";
import type { Gripper } from "../ports/gripper.js";
import { useBounds, watchUse } from "../service/process-use.js";
import type { StopReport, ToArm } from "../types/arm-link.js";
import type { ArmState } from "../types/arm-state.js";
import { DriverError, OPERATOR_HINT } from "../types/driver-error.js";
import type { FromPuppet } from "../types/puppet.js";
import type { JointPosition, Seconds } from "../types/units.js";
import type { ArmLimits } from "../watch/watch-limits.js";
import { type DaemonLink, listenForDaemon } from "./daemon-link.js";
import { linkToGuardian } from "./guardian-link.js";
import { BEAT_PERIOD } from "./guardian-protocol.js";
import { hostTimer } from "./host-timer.js";
import { LateShare } from "./late-share.js";
import { LatenessHistogram } from "./lateness-histogram.js";
import { listenForPuppet } from "./puppet-link.js";
import { presentScheduling } from "./scheduling.js";
import { startStreamer, type TickTimer } from "./streamer.js";
import { Supervisor } from "./supervisor.js";
import type { TeleoperationOptions } from "./teleoperation.js";

/** What an arm process needs to know. */
export interface ArmProcessOptions {
  /** Unix socket for the daemon. */
  readonly socketPath: string;
  /** Unix socket of the guardian. */
  readonly guardianPath: string;
  /** Unix socket for the puppet process. */
  readonly puppetPath: string;
  /** null for a cell without a leader arm. */
  readonly teleop: TeleoperationOptions | null;
  readonly period: Seconds;
  readonly home: JointPosition;
  readonly limits: ArmLimits;
  /** Motion needs the hold-to-run control, unless a supervisor allows it without. */
  readonly holdToRun: boolean;
}

/** Where the arm process writes what people should read; called outside the tick. */
export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** The drivers and the clock that it works with. */
export interface ArmProcessParts {
  readonly arm: Arm;
  readonly gripper: Gripper;
  /** null for a cell without one. */
  readonly cellSwitch: CellSwitch | null;
  readonly clock: Clock;
  readonly log: Log;
}

/** A running arm process. */
export interface ArmProcess {
  /** Ticks of the stream so far. */
  ticks(): number;
  /** Ramps down, ends the stream and every connection. */
  close(): Promise<void>;
}

/** Between two attempts to reach the arm: 0.5 s, doubled up to 5 s. */
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 5000;

/** How long an orderly end may take before the arm is stopped and left. */
const CLOSE_WITHIN: Seconds = 2;

/** The arm is asked again this often whether it is free of faults for long enough, and at most this often: 2 s. */
const CLEAR_POLL_MS = 20;
const CLEAR_POLLS = 100;

/** Planning and guarding a setpoint take 0.08 ms, p99 0.35 ms (test/bench/README.md). */
const READY_BEFORE: Seconds = 0.0005;

/** Percentiles are worked out once a second. */
const P99_EVERY_TICKS = 100;

/** Starts everything: links to daemon, guardian and arm, and the stream. Rejects when its socket is taken. */
export async function startArmProcess(options: ArmProcessOptions, parts: ArmProcessParts): Promise<ArmProcess> {
  const { arm, gripper, clock, log } = parts;
  const histogram = new LatenessHistogram();
  const late = new LateShare(options.limits.watch.lateness, options.period);
  const counters = { ticks: 0, lateTicks: 0, skippedTicks: 0, latenessP99Ms: 0, latenessMaxMs: 0 };
  const scheduling = presentScheduling();
  let armName = "not connected";
  let link: DaemonLink | null = null;
  let closing = false;
  let retryMs = FIRST_RETRY_MS;
  let retry: NodeJS.Timeout | undefined;
  /** The link is up and the supervisor knows it. */
  let up = false;

  /** For how long the stream has blocked the event loop before its instants, which is no work (HO-08). */
  let waited: Seconds = 0;
  const timer: TickTimer = {
    ...hostTimer,
    block: (delay) => {
      waited += delay;
      hostTimer.block(delay);
    },
  };

  const greet = (): void => {
    link?.tell({ kind: "hello", periodMs: options.period * 1000, scheduling, arm: armName });
  };
  const supervisor = new Supervisor({
    arm,
    gripper,
    untilDue: (dueAt) => {
      const early = dueAt - clock.now();
      if (early > 0) {
        timer.block(early);
      }
      return clock.now();
    },
    period: options.period,
    home: options.home,
    limits: options.limits,
    holdToRun: options.holdToRun,
    teleop: options.teleop,
    tell: (message) => link?.tell(message),
    onLinkDead: () => {
      armName = "not connected";
      up = false;
      reconnect();
    },
    cutSupply: () => guardian.cut(),
    onStop: (stop: StopReport, flight) => {
      setImmediate(() => log.warn({ stop, flight }, `${stop.code}: ${stop.detail}`));
    },
    onFinding: ({ id, code, reaction, detail }) => {
      setImmediate(() => log.warn({ id, code, reaction }, `${code}: ${detail}`));
    },
    onOwnFault: (detail) => {
      setImmediate(() =>
        log.error({}, `this program drove the arm beyond what it takes, report it with this log: ${detail}`),
      );
    },
    counters: () => counters,
    lateShare: () => late.share,
  });

  const stateArrived = (state: ArmState): void => {
    if (up) {
      supervisor.armState(state, clock.now());
    } else {
      up = true;
      supervisor.linkUp(state, clock.now());
    }
  };
  const connect = async (): Promise<void> => {
    let identified = false;
    let newest: ArmState | null = null;
    try {
      const identity = await arm.connect({
        onState: (state) => {
          newest = state;
          if (identified) {
            stateArrived(state);
          }
        },
        onLost: (error) => {
          if (up) {
            supervisor.linkLost(error.message, clock.now());
          } else if (identified) {
            reconnect();
          }
        },
      });
      identified = true;
      armName = `${identity.model}, generation ${identity.generation}, firmware ${identity.firmware}`;
      retryMs = FIRST_RETRY_MS;
      log.info({ identity }, `connected to ${armName}`);
      if (newest !== null) {
        stateArrived(newest);
      }
      greet();
    } catch (error) {
      if (!(error instanceof DriverError)) {
        throw error;
      }
      const { code, message, context } = error;
      log.warn({ code, context, hint: OPERATOR_HINT[code] }, `the arm cannot be reached: ${message}`);
      reconnect();
    }
  };
  const reconnect = (): void => {
    if (!closing) {
      clearTimeout(retry);
      retry = setTimeout(connect, retryMs);
      retryMs = Math.min(2 * retryMs, LAST_RETRY_MS);
    }
  };

  /** Clears what the arm has latched, waits until it reports no fault, then lets the supervisor decide. */
  const acknowledge = async (message: ToArm & { readonly kind: "request" }): Promise<void> => {
    const may = supervisor.mayAcknowledge(message.lease);
    if (may && supervisor.mode === "fault" && !supervisor.isSettled(clock.now())) {
      try {
        if (supervisor.fault !== null) {
          await arm.clearFaults();
        }
        for (let poll = 0; poll < CLEAR_POLLS && !supervisor.isSettled(clock.now()); poll++) {
          await new Promise((resolve) => setTimeout(resolve, CLEAR_POLL_MS));
        }
      } catch (error) {
        if (!(error instanceof DriverError)) {
          throw error;
        }
        log.warn({ code: error.code }, `the arm does not clear its faults: ${error.message}`);
      }
    }
    supervisor.handle(message, clock.now());
  };

  link = await listenForDaemon(options.socketPath, {
    onOpen: () => {
      log.info({}, "a daemon is connected");
      greet();
      supervisor.report(clock.now());
    },
    onMessage: (message) => {
      if (message.kind === "request" && message.request.kind === "acknowledge") {
        log.info({ reason: message.request.reason }, "acknowledged by the operator");
        acknowledge({ ...message });
      } else {
        supervisor.handle(message, clock.now());
      }
    },
    onWrong: (reason, chunkId) => {
      log.warn({ reason }, "the daemon sent something that is no message");
      if (chunkId !== null) {
        supervisor.garbage(clock.now());
        link?.tell({ kind: "chunk-result", id: chunkId, accepted: false, reason, receivedAt: clock.now() });
      }
    },
    onClose: () => {
      log.warn({}, "the daemon is gone");
      supervisor.daemonLost(clock.now());
    },
  });
  const puppet =
    options.teleop === null
      ? null
      : await listenForPuppet(options.puppetPath, {
          onMessage: (message) => puppetSays(message, supervisor, parts),
          onGone: (reason) => {
            log.warn({}, `no puppet any more: ${reason}`);
            supervisor.leaderGone(reason, clock.now());
          },
        });
  const guardian = linkToGuardian(options.guardianPath, {
    onBeat: () => supervisor.guardianBeat(clock.now()),
    onFired: () => supervisor.stop("guardian-fired", "it missed this process", clock.now()),
  });
  let beatAt = -Infinity;
  const streamer = startStreamer({
    clock,
    timer,
    period: options.period,
    lead: READY_BEFORE,
    mostLate: options.limits.mostAge.setpoint,
    histogram,
    onTick: (dueAt, now) => {
      late.add(now - (dueAt - READY_BEFORE), now);
      link?.look();
      supervisor.tick(dueAt, now);
      if (now - beatAt >= BEAT_PERIOD - options.period / 2) {
        beatAt = now;
        guardian.beat();
      }
      counters.ticks = streamer.counters.ticks;
      counters.lateTicks = streamer.counters.late;
      counters.skippedTicks = streamer.counters.skipped;
      if (counters.ticks % P99_EVERY_TICKS === 0) {
        counters.latenessP99Ms = histogram.quantile(0.99) * 1000;
        counters.latenessMaxMs = histogram.most() * 1000;
      }
    },
  });
  const unwatch = watchUse(
    useBounds(options.limits.watch.resources.armMemory),
    (used) => supervisor.used(used, clock.now()),
    () => waited,
  );
  parts.cellSwitch?.watch((closed) => {
    log.info({}, `the cell's switch is ${closed ? "closed" : "open"}`);
    supervisor.cellSwitched(closed, clock.now());
  });
  connect();
  log.info({ scheduling, periodMs: options.period * 1000 }, `listening on ${options.socketPath}, ${scheduling}`);

  return {
    ticks: () => counters.ticks,
    close: async () => {
      closing = true;
      clearTimeout(retry);
      supervisor.shutDown(clock.now());
      const until = clock.now() + CLOSE_WITHIN;
      while (supervisor.engaged && clock.now() < until) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      if (supervisor.engaged) {
        arm.stop("quick");
      }
      streamer.stop();
      unwatch();
      await guardian.goodbye();
      link?.close();
      puppet?.close();
      parts.cellSwitch?.close();
      await gripper.close();
      try {
        await arm.close();
      } catch (error) {
        if (!(error instanceof DriverError)) {
          throw error;
        }
        log.warn({ code: error.code }, `the link to the arm did not end in order: ${error.message}`);
      }
    },
  };
}

function puppetSays(message: FromPuppet, supervisor: Supervisor, { clock, log }: ArmProcessParts): void {
  switch (message.kind) {
    case "hello":
      supervisor.leaderHello(message.identity, clock.now());
      log.info({ leader: message.identity }, `a puppet is connected: ${message.identity.kind}`);
      break;
    case "sample":
      supervisor.leaderSample(message.sample, clock.now());
      break;
    case "lost":
      supervisor.leaderGone(message.detail, clock.now());
      log.warn({ code: message.code }, `the puppet is away: ${message.detail}`);
      break;
    default:
      message satisfies never;
  }
}
