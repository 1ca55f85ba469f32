import { distinctUntilChanged, filter, ignoreElements, map, type Observable, scan, tap } from "rxjs";
import type { Cameras } from "../ports/camera.js";
import type { CameraRole, Frame } from "../types/frame.js";
import type { Instant } from "../types/units.js";
import type { ArmLink } from "./arm-link.js";

// Interlocks: PO-13.

/**
 * Tells the arm process how old the pictures are that there are, from the first pair on: it slows the motion when no newer
 * ones come. It is told of the older of the newest two.
 */
export function tellPictures(link: Pick<ArmLink, "send">, cameras: Pick<Cameras, "frames">): Observable<never> {
  return cameras.frames.pipe(
    scan((newest, frame) => ({ ...newest, [frame.role]: frame }), NONE),
    map(olderOf),
    filter((capturedAt) => capturedAt !== null),
    distinctUntilChanged(),
    tap((capturedAt) => link.send({ kind: "pictures", capturedAt })),
    ignoreElements(),
  );
}

const NONE: Readonly<Record<CameraRole, Frame | null>> = { front: null, wrist: null };

function olderOf({ front, wrist }: typeof NONE): Instant | null {
  return front === null || wrist === null ? null : Math.min(front.capturedAt, wrist.capturedAt);
}
