import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { SerialPort } from "serialport";
import type { PermittedSetpoint } from "../../daemon/guard/guard.js";
import type { ArmListener } from "../../daemon/ports/arm.js";
import { hostClock } from "../../daemon/ports/clock.js";
import type { ArmState } from "../../daemon/types/arm-state.js";
import type { DriverError } from "../../daemon/types/driver-error.js";
import { type JointPosition, jointPosition, type Seconds } from "../../daemon/types/units.js";
import { createEg2Gripper } from "../../drivers/gripper/eg2-gripper.js";
import { RM75_B } from "../../drivers/rm75/arm-description.js";
import { createRm75Arm } from "../../drivers/rm75/rm75-arm.js";
import type { Rm75Options } from "../../drivers/rm75/rm75-options.js";
import { NO_LOAD } from "../../drivers/rm75/tool-description.js";
import {
  type ControllerOptions,
  startController,
  type VirtualController,
} from "../../drivers/virtual-lab/controller/controller.js";
import { LagPlant } from "../../drivers/virtual-lab/controller/lag-plant.js";

export const DEGREE = Math.PI / 180;

/** Where the arm of a rig stands at the start. */
export const START = jointPosition([0, -20, 0, 95, 0, 105, 0].map((angle) => angle * DEGREE));

/** A setpoint as the guard would have permitted it. */
export function permitted(q: JointPosition): PermittedSetpoint {
  return { source: "hold", epoch: 0, dueAt: hostClock.now(), q } as PermittedSetpoint;
}

/** Waits until `condition` holds; throws after 8 s. */
export async function until(condition: () => boolean, what: string, within: Seconds = 8): Promise<void> {
  const deadline = hostClock.now() + within;
  while (!condition()) {
    if (hostClock.now() > deadline) {
      throw new Error(`waited in vain: ${what}`);
    }
    await delay(2);
  }
}

/** Remembers what an arm told its owner. */
export class Recorder implements ArmListener {
  readonly states: ArmState[] = [];
  readonly lost: DriverError[] = [];

  onState(state: ArmState): void {
    this.states.push(state);
  }

  onLost(error: DriverError): void {
    this.lost.push(error);
  }

  get last(): ArmState {
    const state = this.states.at(-1);
    if (state === undefined) {
      throw new Error("no state yet");
    }
    return state;
  }
}

/** A virtual arm, the driver's options to reach it, and what ends it. */
export interface Rig {
  readonly controller: VirtualController;
  readonly plant: LagPlant;
  readonly options: Rm75Options;
  close(): Promise<void>;
}

/** A virtual arm on TCP and UDP over loopback. */
export async function tcpRig(controllerOptions: Partial<ControllerOptions> = {}): Promise<Rig> {
  const plant = new LagPlant(hostClock, START);
  const controller = await startController({ plant, host: "127.0.0.1", port: 0, ...controllerOptions });
  const options: Rm75Options = {
    link: { kind: "tcp", host: "127.0.0.1", port: controller.address.port },
    push: { host: "127.0.0.1", port: 0, period: 0.005 },
    expected: RM75_B,
    tool: NO_LOAD,
    tools: [],
    clock: hostClock,
  };
  return { controller, plant, options, close: () => controller.close() };
}

/** A virtual arm on a pair of pseudo terminals. */
export async function serialRig(): Promise<Rig> {
  const rig = await tcpRig();
  const folder = mkdtempSync(join(tmpdir(), "rm75-"));
  const [ours, theirs] = [join(folder, "daemon"), join(folder, "arm")];
  const socat = spawn("socat", [`pty,raw,echo=0,link=${ours}`, `pty,raw,echo=0,link=${theirs}`], { stdio: "ignore" });
  const gone = once(socat, "exit");
  await until(() => existsSync(ours) && existsSync(theirs), "pseudo terminals of socat");
  const port = new SerialPort({ path: theirs, baudRate: 460_800, autoOpen: false });
  await new Promise<void>((resolve, reject) => port.open((error) => (error ? reject(error) : resolve())));
  rig.controller.attachSerial(port);
  return {
    ...rig,
    options: { ...rig.options, link: { kind: "serial", path: ours, baudRate: 460_800 } },
    close: async () => {
      await new Promise<void>((resolve) => (port.isOpen ? port.close(() => resolve()) : resolve()));
      socat.kill();
      await gone;
      rmSync(folder, { recursive: true });
      await rig.controller.close();
    },
  };
}

/** A connected arm with its gripper. */
export async function connected(rig: Rig) {
  const gripper = createEg2Gripper(hostClock);
  const arm = createRm75Arm({ ...rig.options, tools: [gripper] });
  const recorder = new Recorder();
  const identity = await arm.connect(recorder);
  return { arm, gripper, recorder, identity };
}

/** The pose `degrees` away from the start in joint 1. */
export function turned(degrees: number): JointPosition {
  const [j1, ...rest] = START;
  return jointPosition([j1 + degrees * DEGREE, ...rest]);
}
