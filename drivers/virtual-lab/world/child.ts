// The world process: physics in real time on this thread, cameras on a worker thread of their own.
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
import { type ArmStart, CAMERAS_CANNOT_LISTEN, type FromWorld, type ToWorld, type WorldOptions } from "./messages.js";
import { SharedPoses } from "./shared-poses.js";

/** A process that was held up longer than this goes on from the present instead of racing after it, s. */
const MOST_BEHIND = 0.1;

// Before anything that takes time: the lab may end while the world is still starting.
process.once("disconnect", () => process.kill(process.pid, "SIGKILL"));
if (!process.connected) {
  process.exit(0);
}
// A terminal's Ctrl-C reaches every process of its group; the lab decides when the world ends.
process.on("SIGINT", () => {});

const options: WorldOptions = JSON.parse(process.argv[2] ?? "{}");

function tell(message: FromWorld): void {
  if (process.connected) {
    process.send?.(message);
  }
}

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
    process.exit(CAMERAS_CANNOT_LISTEN);
  }
  process.stderr.write(`The lab's cameras failed: ${error.stack ?? error.message}\n${lastWords}`);
  process.exit(1);
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

async function build(scene: SceneSpec, arm: ArmStart, before: Stage | undefined): Promise<Stage> {
  const from = arm === "stay" && before !== undefined ? before.simulation.measured() : HOME;
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

let stage = await build(options.scene, "home", undefined);
let building = false;
let startedAt = hostClock.now();
let stepsDone = 0;

function run(): void {
  const now = hostClock.now();
  if (!building) {
    const due = Math.floor((now - startedAt) / TIME_STEP) - stepsDone;
    if (due * TIME_STEP > MOST_BEHIND) {
      startedAt = now;
      stepsDone = 0;
    } else if (due > 0) {
      stage.simulation.step(due);
      stepsDone += due;
      stage.poses.write((into) => stage.simulation.readPoses(into));
      watchCarrot(stage);
    }
    tell({ kind: "measured", state: measure(stage) });
  }
  setTimeout(run, TIME_STEP * 1000);
}

process.on("message", (message: ToWorld) => {
  switch (message.kind) {
    case "targets":
      stage.simulation.setTargets(message.q);
      return;
    case "gripper":
      stage.simulation.setGripper(message.opening, message.force);
      return;
    case "build":
      building = true;
      build(message.scene, message.arm, stage)
        .then((built) => {
          stage = built;
          tell({ kind: "built", id: message.id, state: measure(stage) });
        })
        .catch((error: unknown) => {
          tell({ kind: "failed", id: message.id, reason: error instanceof Error ? error.message : String(error) });
        })
        .finally(() => {
          building = false;
          startedAt = hostClock.now();
          stepsDone = 0;
        });
      return;
    case "truth":
      tell({
        kind: "truth",
        id: message.id,
        truth: {
          time: stage.simulation.time,
          start: stage.start,
          now: stage.simulation.objects(),
          gripperOpening: stage.simulation.gripperOpening(),
          held: held(stage),
          grip: stage.grip.along,
        },
      });
      return;
    default:
      message satisfies never;
  }
});

cameras.once("message", (report: CameraWorkerReport) => {
  tell({ kind: "ready", cameraPort: report.port });
  run();
});
