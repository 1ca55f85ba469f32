import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createConnection, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseDocument } from "yaml";
import { armProcessCommand, guardianCommand, puppetCommand } from "../../daemon/arm/commands.js";
import { realTimeCommand } from "../../daemon/arm/scheduling.js";
import { freeUdpPort } from "../../daemon/launch/free-ports.js";
import { projectPath } from "../../daemon/ports/project-path.js";
import type { ArmReport, ArmRequest, FromArm, ToArm } from "../../daemon/types/arm-link.js";
import type { PuppetIdentity } from "../../daemon/types/puppet.js";
import type { Role } from "../../daemon/types/role.js";
import { jointPosition, mapJoints } from "../../daemon/types/units.js";
import type { Arrival, Violations } from "../../drivers/virtual-lab/controller/arrivals.js";
import type { Fault } from "../../drivers/virtual-lab/controller/fault.js";
import type { ImpairmentRequest } from "../../drivers/virtual-lab/impair/impairment.js";
import { giveHand } from "../puppet/config-with-hand.js";
import type { Hand } from "../puppet/hand.js";
import { CALIBRATION } from "../teleop/leader.js";
import type { FromController, ToController } from "./controller-process.js";

const START = jointPosition([0, -0.35, 0, 1.66, 0, 1.83, 0]);
/** Far beyond what anything here takes, also on a loaded machine. */
const PATIENCE_MS = 20_000;
/** Real-time priority of the virtual controller, where it may be had: above all else, because a device waits for no processor. */
const DEVICE_PRIORITY = 60;

/** The leader whose readings a test writes. */
export const SCRIPTED_LEADER: PuppetIdentity = { kind: "realman-leader", serial: "SCRIPTED", joints: 7 };

/** One process under test. */
export interface Process {
  readonly child: ChildProcess;
  readonly exit: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  output(): string;
}

/** A virtual controller, the real guardian and the real arm process, and this test in the place of the daemon. */
export class Rig {
  readonly configFile: string;
  readonly socketPath: string;
  readonly puppetPath: string;
  /** Motion and stop frames that have reached the controller. */
  readonly arrivals: Arrival[] = [];
  /** How often each of the vendor's rules was broken. */
  readonly violations: Record<keyof Violations, number> = { period: 0, step: 0, speed: 0, acceleration: 0, start: 0 };
  readonly #folder: string;
  readonly #controller: ChildProcess;
  readonly #processes: Process[] = [];
  #daemon: DaemonEnd | null = null;

  private constructor(controller: ChildProcess, folder: string, configFile: string) {
    this.#controller = controller;
    this.#folder = folder;
    this.configFile = configFile;
    this.socketPath = join(folder, "arm.sock");
    this.puppetPath = join(folder, "puppet.sock");
    controller.on("message", (message: FromController) => {
      if (message.kind === "arrived") {
        this.arrivals.push(...message.arrivals);
        this.violations.step += message.violations.step;
        this.violations.speed += message.violations.speed;
        this.violations.acceleration += message.violations.acceleration;
        this.violations.start += message.violations.start;
        this.violations.period += message.violations.period;
      }
    });
  }

  /** `hand`: a virtual leader to be read by the puppet process; without one the test says itself what is read. */
  static async open(hand: Hand | null = null, q = START): Promise<Rig> {
    const { command, args } = realTimeCommand(
      projectPath("dist", "test", "arm", "controller-process.js"),
      [],
      DEVICE_PRIORITY,
    );
    const controller = spawn(command, args, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    const start: ToController = { kind: "start", q };
    controller.send(start);
    const [started]: FromController[] = await once(controller, "message");
    if (started?.kind !== "started") {
      throw new Error("the controller did not start");
    }
    const folder = mkdtempSync(join(tmpdir(), "arm-"));
    const config = parseDocument(readFileSync(projectPath("daemon", "config", "lab.yaml"), "utf8"));
    config.setIn(["arm", "link", "port"], started.port);
    config.setIn(["arm", "push", "port"], await freeUdpPort());
    config.setIn(["limits"], projectPath("daemon", "config", "limits-rm75b.yaml"));
    config.setIn(["run_directory"], folder);
    if (hand === null) {
      const calibration = join(folder, "puppet.json");
      writeFileSync(calibration, JSON.stringify({ calibration: { ...CALIBRATION, puppet: SCRIPTED_LEADER } }));
      // Nobody opens the line here: the test stands where the puppet process does.
      config.setIn(["puppet"], { kind: "realman-leader", path: "/dev/null", baud: 460_800, calibration });
      config.setIn(["teleop"], { enabling: "button" });
    } else {
      giveHand(config, folder, hand, "button");
    }
    const configFile = join(folder, "kinevla.yaml");
    writeFileSync(configFile, config.toString());
    return new Rig(controller, folder, configFile);
  }

  /** Makes something go wrong at the controller. */
  inject(fault: Fault): void {
    const message: ToController = { kind: "inject", fault };
    this.#controller.send(message);
  }

  /** Spoils the lines to the controller. */
  impair(impairment: ImpairmentRequest): void {
    const message: ToController = { kind: "impair", impairment };
    this.#controller.send(message);
  }

  /** Starts everything and waits until the arm stands by; `before` comes before the guardian and the arm process. */
  static async ready(
    hand: Hand | null = null,
    before: (rig: Rig) => void = () => undefined,
    q = START,
  ): Promise<{ rig: Rig; arm: Process; guardian: Process; daemon: DaemonEnd }> {
    const rig = await Rig.open(hand, q);
    before(rig);
    const guardian = rig.start("guardian");
    const arm = rig.start("main");
    if (hand !== null) {
      rig.start("puppet");
    }
    const daemon = await rig.daemon();
    await daemon.until((report) => report.mode === "standby");
    return { rig, arm, guardian, daemon };
  }

  /** Starts `main` (the arm process), `guardian` or `puppet` as they are started in earnest. */
  start(executable: "main" | "guardian" | "puppet"): Process {
    const commandOf = { main: armProcessCommand, guardian: guardianCommand, puppet: puppetCommand }[executable];
    const { command, args } = commandOf(this.configFile, true);
    return this.run(command, [...args, "--die-with-parent"]);
  }

  /** Starts any process; it is killed with the rig. */
  run(command: string, args: readonly string[]): Process {
    const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8");
      stream?.on("data", (text: string) => {
        output += text;
      });
    }
    const exit = once(child, "close").then(([code, signal]) => ({ code, signal }));
    const process = { child, exit, output: () => output };
    this.#processes.push(process);
    return process;
  }

  /** Connects as the daemon, closed with the rig; waits until the arm process listens. */
  async daemon(): Promise<DaemonEnd> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const end = await this.connect();
      this.#daemon = end;
      // It takes one daemon at a time, and may not have noticed yet that the one before is gone.
      if ((await end.isGreeted()) || Date.now() > deadline) {
        return end;
      }
    }
  }

  /** Opens one more connection to the arm process's socket. */
  connect(): Promise<DaemonEnd> {
    return DaemonEnd.open(this.socketPath);
  }

  /** Waits until something about the arrivals holds. */
  async untilArrived(isEnough: (arrivals: readonly Arrival[]) => boolean): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS;
    while (!isEnough(this.arrivals)) {
      if (Date.now() > deadline) {
        throw new Error(`not arrived: ${JSON.stringify(this.arrivals.slice(-3))}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  async close(): Promise<void> {
    this.#daemon?.close();
    for (const { child, exit } of this.#processes) {
      child.kill("SIGKILL");
      await exit;
    }
    const over = once(this.#controller, "exit");
    this.#controller.kill("SIGKILL");
    await over;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** The daemon's end of the arm process's socket. */
export class DaemonEnd {
  readonly messages: FromArm[] = [];
  report: ArmReport | null = null;
  readonly #socket: Socket;
  readonly #waiting = new Set<() => void>();
  #beats: NodeJS.Timeout | null = null;
  #chunks = 0;
  #requests = 0;
  #rest = "";

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding("utf8");
    socket.on("error", () => undefined);
    socket.on("data", (text: string) => {
      const lines = (this.#rest + text).split("\n");
      this.#rest = lines.pop() ?? "";
      for (const line of lines) {
        const message: FromArm = JSON.parse(line);
        this.messages.push(message);
        this.report = message.kind === "state" ? message.state : this.report;
      }
      for (const check of [...this.#waiting]) {
        check();
      }
    });
  }

  static async open(path: string): Promise<DaemonEnd> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const socket = createConnection(path);
      const opened = await new Promise<boolean>((resolve) => {
        socket.once("connect", () => resolve(true));
        socket.once("error", () => resolve(false));
      });
      if (opened) {
        return new DaemonEnd(socket);
      }
      if (Date.now() > deadline) {
        throw new Error(`nobody listens on ${path}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Resolves with true once the arm process says hello, with false when the connection ends without one. */
  isGreeted(): Promise<boolean> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (this.messages.some(({ kind }) => kind === "hello")) {
          this.#waiting.delete(check);
          resolve(true);
        }
      };
      this.#socket.once("close", () => {
        this.#waiting.delete(check);
        resolve(false);
      });
      this.#waiting.add(check);
      check();
    });
  }

  tell(message: ToArm): void {
    this.#socket.write(`${JSON.stringify(message)}\n`);
  }

  write(text: string): void {
    this.#socket.write(text);
  }

  /** Beats as whoever is in control, every 50 ms unless said otherwise; `held`: with hold-to-run pressed. */
  beat(lease = 1, role: Role = "maintainer", held = false, every = 50): void {
    this.stopBeating();
    const beat = (): void => this.tell({ kind: "operator-beat", lease, role, held });
    beat();
    this.#beats = setInterval(beat, every);
  }

  stopBeating(): void {
    if (this.#beats !== null) {
      clearInterval(this.#beats);
    }
  }

  /** Resolves with the first report, from now on, for which something holds. */
  async until(holds: (report: ArmReport) => boolean): Promise<ArmReport> {
    return this.waitFor(() => (this.report !== null && holds(this.report) ? this.report : null));
  }

  /** Resolves once `find` finds something after a message. */
  waitFor<T>(find: () => T | null): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(check);
        reject(new Error(`waited in vain; the last report is ${JSON.stringify(this.report)}`));
      }, PATIENCE_MS);
      const check = (): void => {
        const found = find();
        if (found !== null) {
          clearTimeout(timer);
          this.#waiting.delete(check);
          resolve(found);
        }
      };
      this.#waiting.add(check);
      check();
    });
  }

  async request(request: ArmRequest, lease = 1): Promise<FromArm & { readonly kind: "result" }> {
    this.#requests += 1;
    const id = this.#requests;
    this.tell({ kind: "request", id, lease, request });
    return this.waitFor(() => {
      const found = this.messages.find((message) => message.kind === "result" && message.id === id);
      return found?.kind === "result" ? found : null;
    });
  }

  /** Sends a chunk that moves J1 and J5 at `speed` rad/s from the present command; resolves with its answer. */
  async chunk(speed: number, epoch = this.report?.epoch ?? 0): Promise<FromArm & { readonly kind: "chunk-result" }> {
    const report = this.report;
    if (report === null || report.commanded === null) {
      throw new Error("no report to start from");
    }
    this.#chunks += 1;
    const id = this.#chunks;
    const capturedAt = report.at;
    const from = report.commanded;
    const targets = [1, 2, 3, 4, 5].map((count) => ({
      dueAt: capturedAt + 0.1 * count,
      q: jointPosition(mapJoints(from, (q, joint) => (joint % 4 === 0 ? q + speed * 0.1 * count : q))),
      gripper: 1,
    }));
    this.tell({ kind: "chunk", chunk: { id, epoch, capturedAt, period: 0.1, targets } });
    return this.waitFor(() => {
      const found = this.messages.find((message) => message.kind === "chunk-result" && message.id === id);
      return found?.kind === "chunk-result" ? found : null;
    });
  }

  /** Takes control, engages, and follows chunks until the arm really moves. */
  async move(rig: Rig): Promise<void> {
    this.beat();
    await this.waitForEngaged();
    await this.follow(rig);
  }

  /** From hold: follows chunks until the arm really moves. */
  async follow(rig: Rig): Promise<void> {
    await this.request({ kind: "follow-policy" });
    await this.until((report) => report.mode === "policy" && report.at > 0);
    const before = rig.arrivals.length;
    const deadline = Date.now() + PATIENCE_MS;
    for (let taken = 0; taken < 3; ) {
      const { accepted, reason } = await this.chunk(0.25);
      taken += accepted ? 1 : 0;
      if (Date.now() > deadline) {
        throw new Error(`no three chunks are taken: ${reason}`);
      }
      if (this.report?.mode !== "policy") {
        throw new Error(`it stopped: ${JSON.stringify(this.report?.stops)}`);
      }
      const at = this.report?.at ?? 0;
      await this.until((report) => report.at > at + 0.15);
    }
    await rig.untilArrived((arrivals) => arrivals.length > before + 20 && isMoving(arrivals));
  }

  /** Engages; the guardian's beats may still be on their way. */
  async waitForEngaged(): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const result = await this.request({ kind: "engage" });
      if (result.ok) {
        return;
      }
      if (Date.now() > deadline) {
        throw new Error(result.reason);
      }
      const at = this.report?.at ?? 0;
      await this.until((report) => report.at > at + 0.05);
    }
  }

  close(): void {
    this.stopBeating();
    this.#socket.destroy();
  }
}

/** True when the last two frames differ. */
export function isMoving(arrivals: readonly Arrival[]): boolean {
  const [before, last] = arrivals.slice(-2);
  return before?.q != null && last?.q != null && before.q.some((angle, joint) => angle !== last.q?.[joint]);
}

/** Frames and stops after the first stop. */
export function afterStop(arrivals: readonly Arrival[]): readonly Arrival[] {
  const index = arrivals.findIndex((arrival) => arrival.command === "set_arm_stop");
  return index < 0 ? [] : arrivals.slice(index);
}
