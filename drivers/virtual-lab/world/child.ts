// The world process: physics in real time on this thread, cameras on a worker thread of their own.
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { Worker } from "node:worker_threads";
import { hostClock } from "../../../daemon/ports/clock.js";
import type { CameraWorkerMessage, CameraWorkerReport } from "../cameras/camera-worker.js";
import { handPose } from "../expert/kinematics.js";
import { POSE_LENGTH, Simulation } from "../physics/simulation.js";
import type { PlantState } from "../plant.js";
import { readVisuals } from "../render/visuals.js";
import { type GripMemory, HOLDABLE, isAt, NO_GRIP, watchGrip } from "../scene/grip.js";
import { HOME } from "../scene/home.js";
import { TIME_STEP } from "../scene/mjcf.js";
import type { ObjectName, TablePoses } from "../scene/object-pose.js";
import type { SceneSpec } from "../scene/scene-spec.js";
import { answerQuestions } from "./answer-questions.js";
import type { ArmStart, WorldOptions, WorldQuestions } from "./messages.js";
import { encodePlantState, plantCommands } from "./plant-wire.js";
import { SharedPoses } from "./shared-poses.js";

/** A process that was held up longer than this goes on from the present instead of racing after it, s. */
const MOST_BEHIND = 0.5;

const options: WorldOptions = JSON.parse(process.argv[2] ?? "{}");

const cameras = new Worker(new URL("../cameras/camera-worker.js", import.meta.url), {
  workerData: { host: options.host, port: options.cameraPort, framesPerSecond: options.framesPerSecond },
  // OpenCV greets at every start; what it says matters only when the worker dies.
  stdout: true,
  stderr: true,
});
let lastWords = "";
for (const stream of [cameras.stdout, cameras.stderr]) {
  stream.setEncoding("utf8").on("data", (text: string) => {
    lastWords = (lastWords + text).slice(-2000);
  });
}
cameras.on("error", (error) => {
  if ("syscall" in error && error.syscall === "listen") {
    return;
  }
  process.stderr.write(`The lab's cameras failed: ${error.stack ?? error.message}\n${lastWords}`);
  process.exit(1);
});

/** Rejects where the port is taken; the answer to `start` says so. */
const camerasServed = new Promise<number>((resolve, reject) => {
  cameras.once("message", (report: CameraWorkerReport) => resolve(report.port));
  cameras.once("error", reject);
});

function show(message: CameraWorkerMessage): void {
  cameras.postMessage(message);
}

/** One scene while it runs. */
interface Stage {
  readonly simulation: Simulation;
  readonly poses: SharedPoses;
  readonly start: TablePoses;
  grip: GripMemory;
}

async function build(scene: SceneSpec, arm: ArmStart, before: Stage | null): Promise<Stage> {
  const from = arm === "stay" && before !== null ? before.simulation.measured() : HOME;
  const simulation = await Simulation.create(scene, from);
  const poses = new SharedPoses(POSE_LENGTH * simulation.poseCount());
  poses.write((into) => simulation.readPoses(into));
  show({ kind: "scene", visuals: readVisuals(simulation, scene), poses: poses.buffer });
  before?.simulation.close();
  return { simulation, poses, start: simulation.objects(), grip: NO_GRIP };
}

function measure({ simulation }: Stage): PlantState {
  return {
    at: hostClock.now(),
    q: simulation.measured(),
    torque: simulation.torque(),
    gripperOpening: simulation.gripperOpening(),
  };
}

function held({ simulation }: Stage): ObjectName | null {
  const tip = handPose(simulation.measured()).position;
  const near = HOLDABLE.find((name) => isAt(name, simulation.object(name), tip));
  return near !== undefined && simulation.gripperOpening() < 0.9 ? near : null;
}

function watchCarrot(stage: Stage): void {
  const { simulation } = stage;
  const tip = handPose(simulation.measured()).position;
  stage.grip = watchGrip(stage.grip, simulation.object("carrot"), tip, simulation.gripperOpening());
}

/** Told of every measurement; one controller at a time. */
let controller: Socket | null = null;
const plant = createServer((socket) => {
  controller = socket.setNoDelay(true);
  socket.on(
    "data",
    plantCommands(({ q, gripper }) => {
      stage?.simulation.setTargets(q);
      if (gripper !== null) {
        stage?.simulation.setGripper(gripper.opening, gripper.force);
      }
    }),
  );
  // The controller's process ended; the lab notices and ends this one too.
  socket.on("error", () => socket.destroy());
});

let stage: Stage | null = null;
let building = false;
let startedAt = hostClock.now();
let stepsDone = 0;

function run(present: Stage): void {
  const now = hostClock.now();
  const due = Math.floor((now - startedAt) / TIME_STEP) - stepsDone;
  if (due * TIME_STEP > MOST_BEHIND) {
    startedAt = now;
    stepsDone = 0;
  } else if (due > 0) {
    present.simulation.step(due);
    stepsDone += due;
    present.poses.write((into) => present.simulation.readPoses(into));
    watchCarrot(present);
  }
  controller?.write(encodePlantState(measure(present)));
}

function pace(): void {
  if (stage !== null && !building) {
    run(stage);
  }
  // Counted from here: a world that cannot keep up leaves time to the pictures.
  setTimeout(pace, TIME_STEP * 1000);
}
pace();

/** Puts a new stage in place of the present one. */
async function replace(scene: SceneSpec, arm: ArmStart): Promise<Stage> {
  building = true;
  try {
    stage = await build(scene, arm, stage);
    return stage;
  } finally {
    building = false;
    startedAt = hostClock.now();
    stepsDone = 0;
  }
}

answerQuestions<WorldQuestions>({
  start: async () => {
    const [cameras] = await Promise.all([camerasServed, replace(options.scene, "home")]);
    plant.listen(0, options.host);
    await once(plant, "listening");
    const address = plant.address();
    return { cameras, plant: typeof address === "object" && address !== null ? address.port : 0 };
  },
  build: async ({ scene, arm }) => (await replace(scene, arm)).simulation.measured(),
  spoil: ({ role, how }) => {
    show({ kind: "spoil", role, how });
    return hostClock.now();
  },
  truth: () => {
    if (stage === null) {
      throw new RangeError("there is no scene yet");
    }
    const { simulation, start } = stage;
    return {
      time: simulation.time,
      start,
      now: simulation.objects(),
      q: simulation.measured(),
      gripperOpening: simulation.gripperOpening(),
      held: held(stage),
      grip: stage.grip.along,
    };
  },
});
