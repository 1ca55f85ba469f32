import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { DEFAULT_LAB, startLab } from "./world/lab.js";
import { LabStartError } from "./world/lab-start-error.js";

export { DEFAULT_LAB, type Lab, type LabAddresses, type LabOptions, startLab } from "./world/lab.js";
export { LabStartError } from "./world/lab-start-error.js";

const USAGE = `The virtual laboratory: an RM75 controller, two cameras and a table, all on loopback.
  node dist/drivers/virtual-lab/main.js [options]
    --seed N              poses of the objects in the first scene (1)
    --controller-port N   TCP port of the arm; 0 is any free one (0)
    --camera-port N       HTTP port of /front.mjpeg and /wrist.mjpeg (0)
    --control-port N      HTTP port of /tasks, /reset, /scene, /faults, /truth, /arrivals, stills (0)
    --cell-box-port N     TCP port of a cell box with enabling switch and relay (none without this)
    --fps N               pictures a second of each camera (${DEFAULT_LAB.framesPerSecond})
    --real-time N         SCHED_FIFO priority of the controller's process, 1 to 99, physics at 35; needs the privilege
    --die-with-parent     end when standard input closes
Prints one line of JSON with the addresses when everything runs.
`;

/** EX_UNAVAILABLE of sysexits.h, as the daemon and the arm process use it. */
const PORT_TAKEN = 69;

function whole(text: string, name: string, most: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > most) {
    throw new RangeError(`--${name} is a whole number from 0 to ${most}, got "${text}"`);
  }
  return value;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seed: { type: "string", default: String(DEFAULT_LAB.seed) },
      "controller-port": { type: "string", default: "0" },
      "camera-port": { type: "string", default: "0" },
      "control-port": { type: "string", default: "0" },
      "cell-box-port": { type: "string" },
      fps: { type: "string", default: String(DEFAULT_LAB.framesPerSecond) },
      "real-time": { type: "string" },
      "die-with-parent": { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return;
  }
  const lab = await startLab({
    seed: whole(values.seed, "seed", 2 ** 31),
    controllerPort: whole(values["controller-port"], "controller-port", 65_535),
    cameraPort: whole(values["camera-port"], "camera-port", 65_535),
    controlPort: whole(values["control-port"], "control-port", 65_535),
    cellBoxPort: values["cell-box-port"] === undefined ? null : whole(values["cell-box-port"], "cell-box-port", 65_535),
    framesPerSecond: Math.max(1, whole(values.fps, "fps", 60)),
    controllerPriority: values["real-time"] === undefined ? null : whole(values["real-time"], "real-time", 99),
  });
  let ending = false;
  const end = async (code: number): Promise<void> => {
    if (!ending) {
      ending = true;
      await lab.close();
      process.exit(code);
    }
  };
  process.on("SIGINT", () => end(0));
  process.on("SIGTERM", () => end(0));
  if (values["die-with-parent"]) {
    process.stdin.on("end", () => end(0)).resume();
  }
  void lab.ended.then(async () => {
    if (!ending) {
      process.stderr.write("A process of the lab ended; so does the lab.\n");
      await end(1);
    }
  });
  process.stdout.write(`${JSON.stringify(lab.addresses)}\n`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  main().catch((error: unknown) => {
    if (error instanceof LabStartError) {
      process.stderr.write(`${error.message}\n`);
      process.exit(PORT_TAKEN);
    }
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
    process.exit(2);
  });
}
