import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { filter, firstValueFrom, merge, Subject, timeout } from "rxjs";
import { parseDocument } from "yaml";
import { armProcessCommand, guardianCommand } from "../arm/commands.js";
import type { Config } from "../config/config.js";
import { loadLimits } from "../config/limits-file.js";
import type { Limits } from "../guard/limits.js";
import { type Child, startChild } from "../launch/child.js";
import { freeUdpPort } from "../launch/free-ports.js";
import type { ArmLink } from "../loop/arm-link.js";
import { createSocketArmLink } from "../loop/socket-arm-link.js";
import { hostClock } from "../ports/clock.js";
import type { ArmReport, ArmRequest } from "../types/arm-link.js";
import type { GripperState } from "../types/arm-state.js";
import type { Mode } from "../types/mode.js";
import { type JointVector, jointPosition } from "../types/units.js";
import { CellStopped } from "./cell-stopped.js";
import { LineTap, redirectPush } from "./line-tap.js";
import { PushTap } from "./push-tap.js";
import { pause } from "./questions.js";

/** Where the arm is and where it sends its state. */
export interface ArmAddress {
  readonly host: string;
  readonly port: number;
  readonly push: { readonly host: string; readonly port: number };
}

/** What a cell is started with. */
export interface CellOptions {
  readonly config: Config;
  readonly arm: ArmAddress;
  readonly realTime: boolean;
  /** Empty, for sockets and logs. */
  readonly folder: string;
  /** Told before anything moves, so that it can be stopped on its way home. */
  readonly onBegun?: (cell: MeasuringCell) => void;
}

/** Where the joints should be, rad, at a time since the start. */
export type Path = (elapsed: number, ahead: number, commanded: JointVector) => readonly number[];

const BEAT_MS = 50;
const CHUNK_MS = 100;
const CHUNK_STEPS = 5;
/** The arm process holds the pose for this long before it follows anything, s (setpoint-sender.ts). */
const HELD_FIRST = 0.3;
const READY_WITHIN_MS = 15_000;
/** Half a turn at the homing speed of 20 deg/s takes 9 s. */
const HOME_WITHIN_MS = 30_000;
const GRANTED_WITHIN_MS = 4000;
/** Reports come every 20 ms. */
const REPORTED_WITHIN_MS = 200;

/**
 * Arm process and guardian as they always run, with this program in the daemon's place and taps on both ways to the arm.
 * Whatever moves the arm is a chunk that the arm process admits, plans, limits and guards like the policy's.
 */
export class MeasuringCell {
  readonly line: LineTap;
  readonly push: PushTap;
  readonly limits: Limits;
  /** Of the stream, s. */
  readonly period: number;
  readonly #link: ArmLink;
  readonly #children: readonly Child[];
  readonly #beat: NodeJS.Timeout;
  #report: ArmReport | null = null;
  /** Of this program, which is the only one on the arm process's socket. */
  #lease = 1;
  #chunks = 0;
  #abandoned = false;
  /** Fails whatever waits for the arm process when it is abandoned. */
  readonly #abandonment = new Subject<never>();
  #refusal = "nothing";

  private constructor(config: Config, line: LineTap, push: PushTap, link: ArmLink, children: readonly Child[]) {
    this.line = line;
    this.push = push;
    this.limits = loadLimits(config);
    this.period = config.stream.period_ms / 1000;
    this.#link = link;
    this.#children = children;
    link.messages.subscribe((message) => {
      if (message.kind === "state") {
        this.#report = message.state;
      } else if (message.kind === "chunk-result" && !message.accepted) {
        this.#refusal = message.reason;
      }
    });
    this.#beat = setInterval(() => this.#sayAlive(), BEAT_MS);
  }

  /** Starts everything and goes to the home pose; rejects with what is in the way. */
  static async start({ config, arm, realTime, folder, onBegun }: CellOptions): Promise<MeasuringCell> {
    const push = await PushTap.open(arm.push.host, arm.push.port);
    const inner = { host: "127.0.0.1", port: await freeUdpPort() };
    push.passTo(inner.port);
    const outer = { ip: arm.push.host, port: push.port };
    const line = await LineTap.open({ arm, rewrite: (text) => redirectPush(text, inner, outer) });
    const document = parseDocument(readFileSync(config.file, "utf8"));
    document.setIn(["arm", "link"], { kind: "tcp", host: "127.0.0.1", port: line.port });
    document.setIn(["arm", "push"], { ...inner, period_ms: config.arm.push.period_ms });
    document.setIn(["limits"], config.limits);
    document.setIn(["policy", "bundle"], config.policy.bundle);
    document.setIn(["run_directory"], folder);
    // Whoever measures changes it, so that no signature could fit; the file that it is made from was held against its own.
    document.deleteIn(["signatures"]);
    // Each measurement is confirmed by whoever stands at the hardware stop; the program itself is the operator.
    document.setIn(["operator", "hold_to_run"], false);
    const file = join(folder, "kinevla.yaml");
    writeFileSync(file, document.toString());
    const children = [guardianCommand(file, realTime), armProcessCommand(file, realTime)].map((command, index) => {
      const name = index === 0 ? "guardian" : "arm";
      return startChild({ name, ...command, logFile: join(folder, `${name}.log`) });
    });
    const link = createSocketArmLink(join(folder, "arm.sock"), hostClock);
    const cell = new MeasuringCell(config, line, push, link, children);
    onBegun?.(cell);
    try {
      await Promise.race([
        cell.until(["standby"], READY_WITHIN_MS),
        ...children.map((child) => child.ended.then((words) => Promise.reject(new CellStopped(words)))),
      ]);
      await cell.goHome();
      return cell;
    } catch (error) {
      await cell.close();
      throw error;
    }
  }

  /** What was last commanded, rad; null while there is no arm. */
  get commanded(): JointVector | null {
    return this.#report?.commanded ?? null;
  }

  /** What the arm process does; null before its first report. */
  get mode(): Mode | null {
    return this.#report?.mode ?? null;
  }

  /** null before the arm process's first report. */
  get gripper(): GripperState | null {
    return this.#report?.gripper ?? null;
  }

  /** Why the arm process does not follow: its last stop, or why it refused a chunk. */
  get refusal(): string {
    return this.#report?.stops[0]?.detail ?? this.#refusal;
  }

  /** Goes to the home pose: everything starts from around there. Rejects where it does not arrive. */
  async goHome(): Promise<void> {
    await this.#engage();
    await this.request({ kind: "home" });
    await this.until(["hold"], HOME_WITHIN_MS);
    await this.standBy();
  }

  /** Resolves when the arm process is in one of these modes; rejects after a while. */
  async until(modes: readonly Mode[], withinMs: number): Promise<void> {
    if (this.#report !== null && modes.includes(this.#report.mode)) {
      return;
    }
    const arrived = this.#link.messages.pipe(
      filter((message) => message.kind === "state" && modes.includes(message.state.mode)),
    );
    await firstValueFrom(
      merge(arrived, this.#abandonment).pipe(timeout({ first: withinMs, with: () => this.#lateness(modes) })),
    );
  }

  /**
   * Asks the arm process for something, again where it has to come to rest or the guardian to come back first; rejects
   * with its last reason. Gives the epoch that then holds.
   */
  async request(request: ArmRequest): Promise<number> {
    const deadline = performance.now() + GRANTED_WITHIN_MS;
    for (;;) {
      this.#mustNotBeAbandoned();
      this.#sayAlive();
      const { ok, reason, epoch } = await firstValueFrom(this.#link.request(request, this.#lease));
      if (ok) {
        return epoch;
      }
      if (performance.now() > deadline) {
        throw new CellStopped(`the arm process refuses ${request.kind}: ${reason}${this.#lastStop()}`);
      }
      await pause(BEAT_MS);
    }
  }

  /** Latches a stop at once. */
  stop(reason: string): void {
    this.#link.send({ kind: "stop", reason, by: "measure" });
  }

  /** Stops the arm for good: nothing is asked of the arm process any more, so nothing moves again. */
  abandon(reason: string): void {
    this.#abandoned = true;
    this.stop(reason);
    this.#abandonment.error(abandoned());
  }

  /**
   * Follows a path of joint positions in rad until the function that is given back is called. A path is asked for a time
   * since now and is told what is commanded, and how far ahead of that it is asked, s. `gripper` is its wished opening, 0
   * closed to 1 open. Rejects where the arm process does not engage.
   */
  async follow(path: Path, gripper: () => number = () => 1): Promise<() => void> {
    await this.#engage();
    const epoch = await this.request({ kind: "follow-policy" });
    const startedAt = hostClock.now() + HELD_FIRST;
    const propose = (): void => {
      const { commanded } = this;
      if (commanded === null || this.#abandoned) {
        return;
      }
      const now = hostClock.now();
      this.#chunks += 1;
      const targets = Array.from({ length: CHUNK_STEPS }, (_, step) => {
        const ahead = ((step + 1) * CHUNK_MS) / 1000;
        const dueAt = now + ahead;
        return { dueAt, q: jointPosition(path(Math.max(0, dueAt - startedAt), ahead, commanded)), gripper: gripper() };
      });
      const chunk = { id: this.#chunks, epoch, capturedAt: now, period: CHUNK_MS / 1000, targets };
      this.#link.send({ kind: "chunk", chunk });
    };
    propose();
    const timer = setInterval(propose, CHUNK_MS);
    return () => clearInterval(timer);
  }

  /** Brings the arm process to standby from wherever it is, with the line whole; rejects where it does not come. */
  async standBy(): Promise<void> {
    this.line.pass();
    await this.until(["standby", "hold", "homing", "policy", "fault"], READY_WITHIN_MS);
    const deadline = performance.now() + READY_WITHIN_MS;
    while (this.#report?.mode !== "standby" && performance.now() < deadline) {
      // Whoever stopped it for good acknowledges it, too.
      this.#mustNotBeAbandoned();
      // Once each: what was done to the line may still end or begin something meanwhile; then another is the way.
      if (this.#report?.mode === "fault") {
        // What was measured may have been taken for somebody else's motion, which ends whoever was in control.
        this.#lease += 1;
        this.#sayAlive();
      }
      await firstValueFrom(this.#link.request(wayToStandby(this.#report?.mode), this.#lease));
      this.#sayAlive();
      await pause(REPORTED_WITHIN_MS);
    }
    await this.until(["standby"], REPORTED_WITHIN_MS);
    this.#allowUnattended(false);
  }

  async close(): Promise<void> {
    clearInterval(this.#beat);
    this.line.pass();
    this.#link.close();
    for (const child of [...this.#children].reverse()) {
      await child.stop();
    }
    this.line.close();
    this.push.close();
  }

  #mustNotBeAbandoned(): void {
    if (this.#abandoned) {
      throw abandoned();
    }
  }

  async #engage(): Promise<void> {
    await this.standBy();
    this.#allowUnattended(true);
    await this.request({ kind: "engage" });
  }

  /** Measuring is a maintainer's work, who stands there with the emergency stop instead of a hold-to-run control. */
  #sayAlive(): void {
    this.#link.send({ kind: "operator-beat", lease: this.#lease, role: "maintainer", held: false });
  }

  #allowUnattended(allowed: boolean): void {
    this.#link.send({ kind: "allow-unattended", allowed, by: "measure" });
  }

  #lateness(modes: readonly Mode[]): never {
    throw new CellStopped(
      `the arm process is ${this.#report?.mode ?? "silent"}, not ${modes.join(" or ")}${this.#lastStop()}`,
    );
  }

  /** In words, to be put behind others; empty where nothing stopped it. */
  #lastStop(): string {
    const stop = this.#report?.stops[0];
    return stop === undefined ? "" : `: ${stop.detail} (${stop.hint})`;
  }
}

function abandoned(): Error {
  return new Error("it was stopped");
}

/** What leads nearer to standby from a mode. */
function wayToStandby(mode: Mode | undefined): ArmRequest {
  switch (mode) {
    case "fault":
      return { kind: "acknowledge", reason: "measured" };
    case "homing":
    case "policy":
      return { kind: "hold" };
    default:
      return { kind: "disengage" };
  }
}
