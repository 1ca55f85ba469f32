import type { Observable } from "rxjs";
import type { CameraFault, CameraPicture, CameraRole, Frame } from "../types/frame.js";

/** Both cameras, drained and resized in the vision process. */
export interface Cameras {
  /** Every frame as it arrives; only the newest matters. */
  readonly frames: Observable<Frame>;
  /** Every picture as JPEG too; begins with the first subscription, and costs the encoding from then on. */
  readonly pictures: Observable<CameraPicture>;
  /** Present faults whenever they change; empty when both cameras are well. */
  readonly faults: Observable<readonly CameraFault[]>;
  /** The newest picture as JPEG bytes at the camera's own size; rejects with DriverError while there is none. */
  jpeg(role: CameraRole): Promise<Uint8Array>;
  close(): Promise<void>;
}
