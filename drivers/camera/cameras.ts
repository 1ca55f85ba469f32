import { BehaviorSubject, defer, Subject } from "rxjs";
import type { Cameras } from "../../daemon/ports/camera.js";
import { hostClock } from "../../daemon/ports/clock.js";
import {
  CAMERA_ROLES,
  type CameraFault,
  type CameraPicture,
  type CameraRole,
  type Frame,
} from "../../daemon/types/frame.js";
import type { Seconds } from "../../daemon/types/units.js";
import { type CameraNews, cameraFault } from "./health.js";
import type { CamerasOptions } from "./options.js";
import { startVisionProcess, type VisionProcess } from "./vision-process.js";

/** How often a missing picture is looked for; with the age limit this names a fault within 0.3 s. */
const CHECK_PERIOD: Seconds = 0.025;

/** Both cameras, each in a vision process of its own; a camera with a fault delivers no frames. */
export function createCameras(options: CamerasOptions): Cameras {
  const frames = new Subject<Frame>();
  const pictures = new Subject<CameraPicture>();
  const news = new Map<CameraRole, CameraNews>();

  const presentFaults = (): readonly CameraFault[] =>
    CAMERA_ROLES.flatMap((role) => {
      const last = news.get(role);
      return last === undefined ? [] : (cameraFault(role, options.cameras[role], last, hostClock.now()) ?? []);
    });

  const hear = (role: CameraRole, heard: CameraNews): void => {
    const before = news.get(role);
    // The fault has lasted since the first of a row of equal reports.
    news.set(role, before?.kind === heard.kind && heard.kind !== "frame" ? { ...heard, at: before.at } : heard);
  };

  const open = (role: CameraRole): VisionProcess => {
    hear(role, { kind: "starting", at: hostClock.now() });
    return startVisionProcess(
      { camera: options.cameras[role], picture: options.pictures[role] },
      {
        onFrame: ({ rgb, capturedAt, exposedAt, sequence, ...judged }) => {
          const heard: CameraNews = { ...judged, at: capturedAt };
          hear(role, heard);
          publishFaults();
          if (cameraFault(role, options.cameras[role], heard, hostClock.now()) === null) {
            const { size } = options.pictures[role];
            frames.next({ role, width: size, height: size, rgb, capturedAt, exposedAt, sequence });
          }
        },
        onPicture: ({ jpeg, capturedAt, exposedAt, sequence }) =>
          pictures.next({ role, jpeg, capturedAt, exposedAt, sequence }),
        onWrongSize: (width, height) => {
          hear(role, { kind: "wrong-size", at: hostClock.now(), width, height });
          publishFaults();
        },
        onAbsent: (detail) => {
          hear(role, { kind: "absent", at: hostClock.now(), detail });
          publishFaults();
        },
      },
    );
  };

  const front = open("front");
  const wrist = open("wrist");
  const processes: Readonly<Record<CameraRole, VisionProcess>> = { front, wrist };
  const faults = new BehaviorSubject<readonly CameraFault[]>(presentFaults());

  function publishFaults(): void {
    const present = presentFaults();
    if (!sameFaults(present, faults.value)) {
      faults.next(present);
    }
  }
  const check = setInterval(publishFaults, CHECK_PERIOD * 1000);

  return {
    frames: frames.asObservable(),
    faults: faults.asObservable(),
    pictures: defer(() => {
      for (const role of CAMERA_ROLES) {
        processes[role].record();
      }
      return pictures;
    }),
    jpeg: (role) => processes[role].jpeg(),
    close: async () => {
      clearInterval(check);
      await Promise.all(CAMERA_ROLES.map((role) => processes[role].close()));
      frames.complete();
      pictures.complete();
      faults.complete();
    },
  };
}

function sameFaults(a: readonly CameraFault[], b: readonly CameraFault[]): boolean {
  return (
    a.length === b.length &&
    a.every((fault, index) => {
      const other = b[index];
      return (
        other !== undefined && fault.kind === other.kind && fault.role === other.role && fault.detail === other.detail
      );
    })
  );
}
