import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { filter, firstValueFrom, take, timeout, toArray } from "rxjs";
import { createCameras } from "../../../drivers/camera/cameras.js";
import { camerasOptions } from "../../composition/cameras-options.js";
import type { Config } from "../../config/config.js";
import type { CameraRole } from "../../types/frame.js";
import { type Check, type Finding, ill, well } from "./check.js";

/** Opening takes up to a second; this many frames show the rate. */
const FRAMES = 10;
const FRAMES_WITHIN_MS = 8000;

/** Does a camera deliver pictures of the configured size? Saves one, for a look whether it is the right camera. */
export function cameraCheck(config: Config, role: CameraRole): Check {
  return {
    name: `${role} camera`,
    run: async () => {
      const cameras = createCameras(
        camerasOptions(config, { size: 96, crop: 1, rotate180: { front: false, wrist: false } }),
      );
      let trouble = "it delivers no pictures";
      const watching = cameras.faults.subscribe((faults) => {
        trouble = faults.find((fault) => fault.role === role)?.detail ?? trouble;
      });
      try {
        const frames = await firstValueFrom(
          cameras.frames.pipe(
            filter((frame) => frame.role === role),
            take(FRAMES),
            toArray(),
            timeout(FRAMES_WITHIN_MS),
          ),
        );
        const picture = await cameras.jpeg(role);
        const span = (frames.at(-1)?.capturedAt ?? 0) - (frames[0]?.capturedAt ?? 0);
        const { width, height } = config.cameras[role];
        const words = `${width} x ${height}, ${((FRAMES - 1) / span).toFixed(0)} a second`;
        return save(join(config.run_directory, `doctor-${role}.jpg`), picture, words);
      } catch {
        // The fault that the camera names says more than the time that ran out.
        return ill(trouble, "Check its cable, its source and its size in the configuration, and who else uses it.");
      } finally {
        watching.unsubscribe();
        await cameras.close();
      }
    },
  };
}

/** A camera that is well, unless nobody can look at what it sees. */
function save(file: string, picture: Uint8Array, words: string): Finding {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(file, picture);
    return well(`${words}; look at ${file}`);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return ill(`${words}, but its picture cannot be saved: ${why}`, "Make room there, or name another run_directory.");
  }
}
