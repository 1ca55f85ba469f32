import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { need } from "../../../daemon/cli/operator-link.js";
import { loadConfig } from "../../../daemon/config/config.js";
import { loadLimits } from "../../../daemon/config/limits-file.js";
import { type LabControl, labControl } from "../../../daemon/launch/lab-control.js";
import type { System } from "../../../daemon/launch/system.js";
import type { ServerMessageOf } from "../../../daemon/operator/server-message.js";
import { TokenStore } from "../../../daemon/operator/token-store.js";
import { hostClock } from "../../../daemon/ports/clock.js";
import { CAMERA_ROLES } from "../../../daemon/types/frame.js";
import type { Instant, Seconds } from "../../../daemon/types/units.js";
import type { Fault } from "../../../drivers/virtual-lab/controller/fault.js";
import type { History } from "../../../drivers/virtual-lab/controller/history-record.js";
import type { ImpairmentRequest } from "../../../drivers/virtual-lab/impair/impairment.js";
import { Hand } from "../../puppet/hand.js";
import { descendants } from "../../scenario/rig.js";
import type { Bounds } from "../history/check-motion.js";
import type { RunHistory } from "../history/run-history.js";
import { AuditReader } from "./audit-reader.js";
import { untilLeader } from "./leader.js";
import { type OperatorLine, startOperatorLine } from "./operator-line.js";
import { ANSWER_SUFFIX, type PolicyFault, type ProcessFault, TAP_STAMP_SUFFIX } from "./policy-fault.js";
import { RecordedOperator } from "./recorded-operator.js";
import { type RigOptions, startTapped } from "./start-tapped.js";

/** Processes that can be signalled. */
export type Part = "daemon" | "arm" | "guardian" | "puppet" | "lab" | "policy" | "vision" | "recorder";

/** Longest wait for the system to do what it should without a fault. */
export const PATIENCE_MS = 30_000;
/** A task that is over. */
const OVER: readonly string[] = ["finished", "stopped", "failed"];
const TASK_ATTEMPTS = 4;
/** No line and no camera is delayed by more (rows 20 and 36). */
const LONGEST_DELAY: Seconds = 0.3;
/** An audit record is on the disk after 0.1 s (daemon/audit). */
const AUDITED_WITHIN: Seconds = 0.12;
/** Joint of a mirrored leader, 0 to 6 (safety.md §4.2, row 76). */
const MIRRORED = 2;
/** Faster than this counts as moving, rad/s: 2 deg/s. */
const MOVING = 0.035;

/** The real processes against the virtual lab, with a fault wherever one is asked for, and a record of everything. */
export class FaultRig {
  readonly system: System;
  readonly lab: LabControl;
  readonly bounds: Bounds;
  readonly line: OperatorLine;
  readonly folder: string;
  /** Under real-time scheduling, where it may be had. */
  readonly realTime: boolean;
  /** The leader arm and the hand that holds it; null in a system without one. */
  readonly hand: Hand | null;
  readonly #cameras: boolean;
  operator: RecordedOperator;
  readonly #others: RecordedOperator[] = [];
  readonly #audit: AuditReader;

  private constructor(
    system: System,
    line: OperatorLine,
    operator: RecordedOperator,
    folder: string,
    options: RigOptions,
    hand: Hand | null,
  ) {
    this.system = system;
    this.lab = labControl(system.lab ?? "");
    this.line = line;
    this.operator = operator;
    this.folder = folder;
    this.realTime = options.realTime;
    this.#cameras = options.cameras;
    this.hand = hand;
    this.#audit = new AuditReader(system.config.operator.audit_directory);
    this.bounds = { limits: loadLimits(system.config), period: system.config.stream.period_ms / 1000 };
  }

  /** Starts everything on free ports; rejects with StartError. */
  static async start(options: RigOptions): Promise<FaultRig> {
    const folder = mkdtempSync(join(tmpdir(), "kinevla-fault-"));
    const { leader } = options;
    const { home } = loadConfig(options.configFile);
    const hand = leader === "none" ? null : await Hand.take("dynamixel-leader", join(folder, "leader"), home);
    const system = await startTapped(options, folder, hand).catch(async (error: unknown) => {
      await hand?.close();
      rmSync(folder, { recursive: true, force: true });
      throw error;
    });
    const { host, port } = system.config.operator;
    const line = await startOperatorLine(host, port);
    try {
      const operator = await RecordedOperator.connect("fault", `ws://127.0.0.1:${line.port}`, system.tokenFile);
      const rig = new FaultRig(system, line, operator, folder, options, hand);
      await need(operator.takeControl(), "control-granted");
      operator.client.hold(options.holdToRun);
      await rig.#darken();
      await rig.operator.next("state", ({ mode }) => mode === "standby", PATIENCE_MS);
      if (hand !== null) {
        await untilLeader(rig, ["sign-test"]);
        await hand.turnEachJoint(leader === "mirrored" ? MIRRORED : null);
        await untilLeader(rig, ["misaligned", "ready", "refused"]);
      }
      return rig;
    } catch (error) {
      await line.close();
      await system.close();
      await hand?.close();
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** Another client of the daemon, over the same line or one that no fault of it touches. */
  async another(name: string, line: "shared" | "own" = "shared"): Promise<RecordedOperator> {
    const url = line === "own" ? this.system.operatorUrl : `ws://127.0.0.1:${this.line.port}`;
    const other = await RecordedOperator.connect(name, url, this.system.tokenFile);
    this.#others.push(other);
    return other;
  }

  /** A client that may take control from whoever has it. */
  async supervisor(): Promise<RecordedOperator> {
    const { tokenStore } = this.system.config.operator;
    const { token } = new TokenStore(tokenStore).make({ name: "supervisor", role: "supervisor", hours: 1 });
    const file = join(this.folder, "supervisor.token");
    writeFileSync(file, `${token}\n`, { mode: 0o600 });
    const other = await RecordedOperator.connect("supervisor", `ws://127.0.0.1:${this.line.port}`, file);
    this.#others.push(other);
    return other;
  }

  /** Process id of a part; throws where it does not run. */
  pid(part: Part): number {
    const child = (name: string): number => this.system.children.find((one) => one.name === name)?.pid ?? -1;
    switch (part) {
      case "policy":
        return first(descendants(child("daemon"), "models/policy/process.js"), part);
      case "vision":
        return first(descendants(child("daemon"), "drivers/camera/process.js"), part);
      case "recorder":
        return first(descendants(child("daemon"), "daemon/recorder/process.js"), part);
      default:
        return child(part);
    }
  }

  /** Signals a part and gives the instant just before. */
  signal(part: Part, signal: NodeJS.Signals): Instant {
    const pid = this.pid(part);
    const at = hostClock.now();
    process.kill(pid, signal);
    return at;
  }

  /** Makes a part do something to itself. */
  provoke(part: Part, fault: ProcessFault): Instant {
    const file = join(this.folder, "process.json");
    rmSync(`${file}${ANSWER_SUFFIX}`, { force: true });
    writeFileSync(file, JSON.stringify(fault));
    return this.signal(part, "SIGUSR2");
  }

  /** What a part says came of what it did to itself; null while it says nothing. */
  provoked(): Readonly<Record<string, unknown>> | null {
    const answer = join(this.folder, `process.json${ANSWER_SUFFIX}`);
    return existsSync(answer) ? JSON.parse(readFileSync(answer, "utf8")) : null;
  }

  /** Spoils a line or a camera; gives the instant from which on it holds. */
  async impair(impairment: ImpairmentRequest): Promise<Instant> {
    const answer = await this.#post("/impair", impairment);
    return (answer as { readonly at: Instant }).at;
  }

  async inject(fault: Fault): Promise<void> {
    await this.#post("/faults", fault);
  }

  /** Spoils what the policy process says from its next answer on. */
  spoilPolicy(fault: PolicyFault): void {
    const file = join(this.folder, "policy.json");
    rmSync(`${file}${TAP_STAMP_SUFFIX}`, { force: true });
    writeFileSync(file, JSON.stringify(fault));
  }

  /** When the policy process said something spoiled. */
  spoiledAt(): readonly Instant[] {
    try {
      const text = readFileSync(join(this.folder, `policy.json${TAP_STAMP_SUFFIX}`), "utf8");
      return text.trim().split("\n").map(Number);
    } catch {
      // Nothing was spoiled yet.
      return [];
    }
  }

  /** Instructions that the policy was trained on. */
  async instruction(index: number): Promise<string> {
    const status = await need(this.operator.client.request({ type: "status" }), "status");
    const all = status.policy?.instructions ?? [];
    return all[index % all.length] ?? "";
  }

  /** Waits until an instruction could be followed. */
  async ready(): Promise<void> {
    const until = Date.now() + PATIENCE_MS;
    for (;;) {
      const status = await need(this.operator.client.request({ type: "status" }), "status");
      if (status.ready) {
        return;
      }
      if (Date.now() > until) {
        throw new Error(`not ready: ${status.reasons.join("; ")}`);
      }
      await pause(0.05);
    }
  }

  /** Resolves while a joint moves faster than 2 deg/s. */
  async moving(): Promise<void> {
    let before: { readonly at: Instant; readonly q: readonly number[] } | null = null;
    await this.operator.next(
      "state",
      ({ at, commanded }) => {
        const last = before;
        before = commanded === null ? null : { at, q: commanded };
        if (last === null || commanded === null || at <= last.at) {
          return false;
        }
        const most = Math.max(...commanded.map((angle, joint) => Math.abs(angle - (last.q[joint] ?? angle))));
        return most / (at - last.at) > MOVING;
      },
      PATIENCE_MS,
    );
  }

  /** Starts a task and resolves while the arm moves by it; a task that fails before, on a loaded machine, is started again. */
  async followPolicy(index: number): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      // A table that was laid anew costs a few pictures.
      await this.ready();
      const { progress } = await need(this.operator.client.request({ type: "status" }), "status");
      // A task that this one ends tells of its end, too.
      const before = progress?.task ?? -Infinity;
      const isOver = ({ task, phase }: ServerMessageOf<"progress">): boolean => task > before && OVER.includes(phase);
      const over = this.operator.next("progress", isOver, PATIENCE_MS);
      const moving = this.moving();
      for (const one of [over, moving]) {
        one.catch(() => undefined);
      }
      const instruction = await this.instruction(index);
      await need(this.operator.held({ type: "instruct", instruction, homeFirst: false, confirm: true }), "accepted");
      const end = await Promise.race([moving, over]);
      if (end === undefined) {
        return;
      }
      if (attempt === TASK_ATTEMPTS) {
        throw new Error(`the policy does not move the arm: ${end.detail}`);
      }
    }
  }

  /** What the daemon said last of mode, sender and stops. */
  inWords(): string {
    const { state, ended } = this.operator;
    const stops = (state?.stops ?? []).map(({ code, detail }) => `${code}: ${detail}`);
    const sender = `mode ${state?.mode ?? "unknown"}, setpoints from ${state?.source ?? "nothing"}`;
    return [sender, ...stops, ...(ended ? ["the connection has ended"] : [])].join("; ");
  }

  /** How far the arm is from its home pose, rad in the farthest joint; Infinity while it is not known. */
  awayFromHome(): number {
    const { home } = this.system.config;
    const measured = this.operator.state?.measured ?? null;
    return measured === null
      ? Infinity
      : Math.max(...measured.map((angle, joint) => Math.abs(angle - (home[joint] ?? Infinity))));
  }

  /** Goes home and waits until the arm stands there. */
  async goHome(): Promise<void> {
    let hasBegun = false;
    // Listens from before it begins: both may come in one packet.
    const stands = this.operator.next(
      "state",
      ({ mode }) => {
        hasBegun ||= mode === "homing";
        return hasBegun && mode === "hold";
      },
      PATIENCE_MS,
    );
    stands.catch(() => undefined);
    await this.startHoming();
    await stands;
  }

  async startHoming(): Promise<void> {
    const begun = this.operator.next("state", ({ mode }) => mode === "homing", PATIENCE_MS);
    begun.catch(() => undefined);
    const until = Date.now() + PATIENCE_MS;
    // Right after a start the guardian's beats and the arm's state may still be on their way.
    for (;;) {
      this.#pressAnew();
      const reply = await this.operator.held({ type: "home" });
      if (reply.type !== "refused") {
        break;
      }
      if (Date.now() > until) {
        throw new Error(`does not go home: ${reply.message}`);
      }
      await pause(0.1);
    }
    await begun;
  }

  /** Everything recorded since the last time. */
  async takeHistory(): Promise<RunHistory> {
    const history = (await this.#post("/history", {})) as History;
    await pause(AUDITED_WITHIN);
    const clients = [this.operator, ...this.#others];
    const operator = clients.flatMap(({ events }) => events).sort((a, b) => a.at - b.at);
    const { reports } = this.operator;
    for (const client of clients) {
      client.events = [];
      client.reports = [];
      client.chunks = [];
    }
    return { ...history, operator, reports, operatorBytes: this.line.takeStamps(), audit: this.#audit.take() };
  }

  /** Ends every fault and brings the system back to standing by with this operator in control; rejects where it cannot. */
  async recover(): Promise<void> {
    this.spoilPolicy({ kind: "none" });
    this.line.set({});
    if (this.hand !== null) {
      await this.hand.plug();
      await this.hand.fault({});
      await this.hand.button(false);
    }
    await this.inject({ kind: "clear" });
    await this.impair({ target: "clear" });
    // What the line held still comes, in between what is fresh.
    await pause(LONGEST_DELAY);
    await this.#darken();
    for (const other of this.#others.splice(0)) {
      await other.client.close();
    }
    const until = Date.now() + PATIENCE_MS;
    for (;;) {
      const reason = await this.#standBy().catch((error: unknown) => String(error));
      if (reason === null) {
        break;
      }
      if (Date.now() > until) {
        throw new Error(`does not recover: ${reason}`);
      }
      await pause(0.1);
    }
  }

  async close(): Promise<void> {
    await this.operator.client.close();
    await this.line.close();
    await this.system.close();
    await this.hand?.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Every motion has to be begun by a hand that let go since the last one, where the configuration asks for a hand. */
  #pressAnew(): void {
    this.operator.client.hold(false);
    this.operator.client.hold(this.system.config.operator.hold_to_run);
  }

  /** Ends the pictures of a system that needs none. */
  async #darken(): Promise<void> {
    for (const role of this.#cameras ? [] : CAMERA_ROLES) {
      await this.impair({ target: "camera", role, how: "stop" });
    }
  }

  /** One attempt to get out of a stop; why it is not there yet, or null. */
  async #standBy(): Promise<string | null> {
    if (this.operator.ended) {
      this.operator = await RecordedOperator.connect(
        "fault",
        `ws://127.0.0.1:${this.line.port}`,
        this.system.tokenFile,
      );
    }
    if (!this.operator.client.isInControl) {
      await need(this.operator.takeControl(), "control-granted");
    }
    this.#pressAnew();
    const status = await need(this.operator.client.request({ type: "status" }), "status");
    const mode = status.state?.mode ?? "unknown";
    if (mode === "fault") {
      await this.operator.held({ type: "acknowledge", reason: "fault suite" });
      return "a stop is latched";
    }
    if (mode === "policy") {
      await this.operator.held({ type: "pause" });
    }
    if (mode === "align" || mode === "teleop") {
      await this.operator.held({ type: "end-teleop" });
    }
    return mode === "standby" || mode === "hold" ? null : `mode ${mode}`;
  }

  async #post(path: string, body: object): Promise<unknown> {
    const response = await fetch(`${this.system.lab}${path}`, { method: "POST", body: JSON.stringify(body) });
    if (!response.ok) {
      throw new Error(`the virtual lab refused ${path}: ${await response.text()}`);
    }
    return await response.json();
  }
}

function first(pids: readonly number[], part: string): number {
  const [pid] = pids;
  if (pid === undefined) {
    throw new Error(`there is no ${part} process`);
  }
  return pid;
}

/** Resolves after so many seconds. */
export function pause(seconds: Seconds): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}
