import { z } from "zod";
import { CAMERA_ROLES } from "../../../daemon/types/frame.js";
import type { Instant } from "../../../daemon/types/units.js";
import { type CellBox, startCellBox } from "../cell-box/cell-box.js";
import { ControllerProcess } from "../controller/controller-process.js";
import { faultFrom } from "../controller/fault.js";
import { impairmentFrom } from "../impair/impairment.js";
import { HOME } from "../scene/home.js";
import { judge } from "../scene/judge.js";
import { overrideScene } from "../scene/scene-overrides.js";
import { drawPoses, drawScene, type SceneSpec } from "../scene/scene-spec.js";
import { TASKS, type Task } from "../scene/tasks.js";
import { type ControlRoute, type ControlServer, serveControl } from "./control-server.js";
import { LabStartError } from "./lab-start-error.js";
import type { ArmStart, WorldTruth } from "./messages.js";
import { WorldProcess } from "./world-process.js";

/** How a lab is started; port 0 is any free one. */
export interface LabOptions {
  readonly host: string;
  readonly controllerPort: number;
  readonly cameraPort: number;
  readonly controlPort: number;
  /** Draws the poses of the first scene. */
  readonly seed: number;
  readonly framesPerSecond: number;
  /** TCP port of a cell box with enabling switch and relay (cell-box/); null for a lab without one. */
  readonly cellBoxPort: number | null;
  /** SCHED_FIFO priority of the controller's process, with physics at 35; null for ordinary ones. */
  readonly controllerPriority: number | null;
}

/** Starts on loopback with free ports. */
export const DEFAULT_LAB: LabOptions = {
  host: "127.0.0.1",
  controllerPort: 0,
  cameraPort: 0,
  controlPort: 0,
  seed: 1,
  framesPerSecond: 22,
  cellBoxPort: null,
  controllerPriority: null,
};

/** Where the parts of a running lab are found. */
export interface LabAddresses {
  /** The arm: TCP commands here, UDP state from here. */
  readonly controller: { readonly host: string; readonly port: number };
  /** MJPEG over HTTP. */
  readonly cameras: { readonly front: string; readonly wrist: string };
  /** null for a lab without one. */
  readonly cellBox: { readonly host: string; readonly port: number } | null;
  /** HTTP: /tasks, /reset, /scene, /faults, /truth, /arrivals, stills. */
  readonly control: string;
}

/** A running lab. */
export interface Lab {
  readonly addresses: LabAddresses;
  /** Resolves when a process of it ends by itself; the lab is then of no use. */
  readonly ended: Promise<void>;
  close(): Promise<void>;
}

const resetRequest = z
  .strictObject({
    /** Draws the poses of the objects; the next seed when left out. */
    seed: z.int(),
    /** Index into TASKS that the trial is about; the table is laid for it. A bread table when left out. */
    task: z
      .int()
      .min(0)
      .max(TASKS.length - 1),
    arm: z.enum(["home", "stay"]),
    /** `varied` also draws light, colours and camera jitter. */
    looks: z.enum(["nominal", "varied"]),
  })
  .partial();

const cellRequest = z.strictObject({ closed: z.boolean() });

/** What the present trial is. */
interface Trial {
  readonly seed: number;
  readonly task: number | null;
  readonly scene: SceneSpec;
}

function checked<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (!parsed.success) {
    throw new RangeError(z.prettifyError(parsed.error));
  }
  return parsed.data;
}

/** The judge's verdict on one task since the last reset. */
function verdictOf(task: Task, index: number, truth: WorldTruth) {
  const { start, now: end, gripperOpening, grip } = truth;
  return { task: index, instruction: task.instruction, ...judge(task, { start, end, gripperOpening, grip }) };
}

function routes(
  world: WorldProcess,
  controller: ControllerProcess,
  box: CellBox | null,
  host: string,
  first: Trial,
): ReadonlyMap<string, ControlRoute> {
  let trial = first;
  const build = async (next: Trial, arm: ArmStart): Promise<Trial> => {
    // What is meant for the old scene must not move the arm in the new one.
    await controller.feedPlant(false);
    try {
      const q = await world.build(next.scene, arm);
      await controller.reset(arm === "home" ? HOME : q);
    } finally {
      await controller.feedPlant(true);
    }
    trial = next;
    return trial;
  };
  const still = async (name: string): Promise<Uint8Array> => {
    const answer = await fetch(`http://${host}:${world.ports.cameras}/${name}`);
    return new Uint8Array(await answer.arrayBuffer());
  };
  return new Map<string, ControlRoute>([
    [
      "POST /reset",
      async (body) => {
        const { seed = trial.seed + 1, task, arm = "home", looks = "nominal" } = checked(resetRequest, body);
        const kind = TASKS[task ?? 0]?.kind ?? "move-bread";
        const scene = looks === "varied" ? drawScene(seed, kind) : drawPoses(seed, kind);
        return await build({ seed, task: task ?? null, scene }, arm);
      },
    ],
    ["POST /scene", async (body) => await build({ ...trial, scene: overrideScene(trial.scene, body) }, "stay")],
    ["POST /faults", async (body) => await controller.inject(faultFrom(body))],
    ["POST /cell", (body) => box?.setSwitch(checked(cellRequest, body).closed) ?? null],
    ["POST /impair", async (body) => ({ at: await impair(world, controller, body) })],
    ["POST /history", async () => await controller.takeHistory()],
    [
      "GET /truth",
      async (_, query) => {
        const truth = await world.truth();
        const verdicts = TASKS.map((task, index) => verdictOf(task, index, truth));
        const asked = query.has("task") ? verdicts[Number(query.get("task"))] : undefined;
        if (query.has("task") && asked === undefined) {
          throw new RangeError(`task is an index from 0 to ${TASKS.length - 1}, not ${query.get("task")}`);
        }
        return { ...asked, seed: trial.seed, trial: trial.task, ...truth, verdicts };
      },
    ],
    ["GET /tasks", () => TASKS],
    ["GET /arrivals", async () => await controller.arrivals()],
    ["DELETE /arrivals", async () => await controller.clearArrivals()],
    ["GET /front.jpg", async () => await still("front.jpg")],
    ["GET /wrist.jpg", async () => await still("wrist.jpg")],
  ]);
}

/** A cell box whose relay takes the power from every joint. */
function cellBoxOf(controller: ControllerProcess, host: string, port: number): Promise<CellBox> {
  const onPowerCut = (): void => {
    for (const joint of [1, 2, 3, 4, 5, 6, 7]) {
      void controller.inject({ kind: "joint-disabled", joint });
    }
  };
  return startCellBox({ host, port, onPowerCut });
}

/** Spoils a line or a camera; gives the instant from which on it holds. */
async function impair(world: WorldProcess, controller: ControllerProcess, body: unknown): Promise<Instant> {
  const impairment = impairmentFrom(body);
  const at = await controller.impair(impairment);
  switch (impairment.target) {
    case "camera":
      return await world.spoil(impairment.role, impairment.how);
    case "clear":
      await Promise.all(CAMERA_ROLES.map((role) => world.spoil(role, "none")));
      return at;
    default:
      return at;
  }
}

/** Starts world, cameras, controller and control port; all of them or none. Throws LabStartError where a port is taken. */
export async function startLab(options: Partial<LabOptions> = {}): Promise<Lab> {
  const settings = { ...DEFAULT_LAB, ...options };
  const { host, cameraPort, controlPort, seed, framesPerSecond } = settings;
  const scene = drawPoses(seed, "move-bread");
  const world = await WorldProcess.start(
    { scene, host, cameraPort, framesPerSecond },
    settings.controllerPriority !== null,
  );
  let controller: ControllerProcess | undefined;
  let control: ControlServer | undefined;
  let box: CellBox | null = null;
  const close = async (): Promise<void> => {
    await control?.close();
    await box?.close();
    await controller?.close();
    await world.close();
  };
  try {
    controller = await ControllerProcess.start(
      { host, port: settings.controllerPort, plantPort: world.ports.plant },
      settings.controllerPriority,
    );
    box = settings.cellBoxPort === null ? null : await cellBoxOf(controller, host, settings.cellBoxPort);
    control = await serveControl(host, controlPort, routes(world, controller, box, host, { seed, task: null, scene }));
    const cameras = `http://${host}:${world.ports.cameras}`;
    return {
      addresses: {
        controller: { host, port: controller.port },
        cellBox: box === null ? null : { host, port: box.port },
        cameras: { front: `${cameras}/front.mjpeg`, wrist: `${cameras}/wrist.mjpeg` },
        control: `http://${host}:${control.port}`,
      },
      ended: Promise.race([world.ended, controller.ended]),
      close,
    };
  } catch (error) {
    await close();
    throw error instanceof Error && "syscall" in error ? new LabStartError(error.message) : error;
  }
}
