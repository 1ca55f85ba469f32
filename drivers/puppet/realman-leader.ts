import { isJointVector, JOINT_COUNT } from "../../daemon/types/units.js";
import type { LeaderProtocol, LeaderReading, LeaderVerdict } from "./leader-protocol.js";
import { REALMAN_POLL, RealmanDecoder } from "./realman-codec.js";

/** RealMan's own leader arm: polled, one frame a reading. No button is known in its frames. */
export class RealmanLeader implements LeaderProtocol {
  readonly kind = "realman-leader";
  readonly hello = REALMAN_POLL;
  readonly #decoder = new RealmanDecoder();
  #bytes = 0;
  #joints: number | null = null;
  #otherCount: number | null = null;

  takeHello(bytes: Uint8Array): void {
    this.#bytes += bytes.length;
    this.#decoder.push(bytes, ({ joints }) => {
      this.#joints = joints.length;
    });
  }

  judge(): LeaderVerdict {
    if (this.#bytes === 0) {
      return {
        kind: "wrong",
        code: "puppet-silent",
        detail: "no byte came back; is it powered, and is its kind right?",
      };
    }
    if (this.#joints === null) {
      const detail = `${this.#bytes} bytes came, but no frame of a RealMan leader (${this.#decoder.rejected} with a wrong length or checksum)`;
      return { kind: "wrong", code: "puppet-garbled", detail };
    }
    if (this.#joints !== JOINT_COUNT) {
      const detail = `this leader has ${this.#joints} joints, the arm has ${JOINT_COUNT}: use a leader of a seven-joint arm`;
      return { kind: "wrong", code: "wrong-puppet", detail };
    }
    return { kind: "right", ids: "" };
  }

  ask(): Uint8Array {
    this.#decoder.clear();
    this.#otherCount = null;
    return REALMAN_POLL;
  }

  take(bytes: Uint8Array): LeaderReading | null {
    let newest: LeaderReading | null = null;
    this.#decoder.push(bytes, ({ joints, gripper }) => {
      if (isJointVector(joints)) {
        newest = { angles: joints, gripper, button: false };
      } else {
        this.#otherCount = joints.length;
      }
    });
    return newest;
  }

  complaint(): string {
    return this.#otherCount === null ? "" : `it now sends ${this.#otherCount} joints`;
  }
}
