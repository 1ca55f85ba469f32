import { isJointVector } from "../../daemon/types/units.js";
import {
  DYNAMIXEL_PING,
  DynamixelDecoder,
  encodeReadByte,
  encodeSyncReadPosition,
  readPosition,
  STATUS_ERRORS,
  type StatusPacket,
} from "./dynamixel-codec.js";
import type { LeaderProtocol, LeaderReading, LeaderVerdict } from "./leader-protocol.js";

/** Which devices of the bus are what. */
export interface DynamixelDevices {
  /** J1 to J7. */
  readonly joints: readonly number[];
  readonly gripper: number;
  /** A device with a switch: one byte of its control table, not 0 while pressed. */
  readonly button?: { readonly id: number; readonly address: number };
}

/** A GELLO-style leader: servos whose present positions are read all at once, never driven. */
export class DynamixelLeader implements LeaderProtocol {
  readonly kind = "dynamixel-leader";
  readonly hello = DYNAMIXEL_PING;
  readonly #devices: DynamixelDevices;
  readonly #ids: readonly number[];
  readonly #request: Uint8Array;
  readonly #decoder = new DynamixelDecoder();
  readonly #found = new Set<number>();
  readonly #positions = new Map<number, number>();
  /** Of this reading; null until its device has answered. */
  #button: boolean | null = null;
  #bytes = 0;
  #complaint = "";

  constructor(devices: DynamixelDevices) {
    this.#devices = devices;
    this.#ids = [...devices.joints, devices.gripper];
    this.#request = encodeSyncReadPosition(this.#ids);
  }

  takeHello(bytes: Uint8Array): void {
    this.#bytes += bytes.length;
    this.#decoder.pushStatus(bytes, ({ id }) => this.#found.add(id));
  }

  judge(): LeaderVerdict {
    const { button } = this.#devices;
    const expected = [...this.#ids, ...(button === undefined ? [] : [button.id])];
    const found = [...this.#found].sort((a, b) => a - b);
    if (this.#bytes === 0) {
      return {
        kind: "wrong",
        code: "puppet-silent",
        detail: "no device of the bus answered; is it powered, and is its kind right?",
      };
    }
    if (found.length === 0) {
      const detail = `${this.#bytes} bytes came, but no packet of Dynamixel protocol 2.0`;
      return { kind: "wrong", code: "puppet-garbled", detail };
    }
    const missing = expected.filter((id) => !this.#found.has(id));
    const foreign = found.filter((id) => !expected.includes(id));
    if (missing.length > 0 || foreign.length > 0) {
      const detail = `the devices ${found.join(", ")} answered, but ${expected.join(", ")} are configured${
        missing.length > 0 ? `; missing: ${missing.join(", ")} (check their plugs)` : ""
      }${foreign.length > 0 ? `; not configured: ${foreign.join(", ")} (another leader?)` : ""}`;
      return { kind: "wrong", code: "wrong-puppet", detail };
    }
    return { kind: "right", ids: expected.join("-") };
  }

  /** The button first, so that a reading goes on at once when the positions are there: they must be newer than it. */
  ask(): Uint8Array {
    const { button } = this.#devices;
    this.#decoder.clear();
    this.#positions.clear();
    this.#button = button === undefined ? false : null;
    this.#complaint = "";
    return button === undefined ? this.#request : encodeReadByte(button.id, button.address);
  }

  take(bytes: Uint8Array, send: (request: Uint8Array) => void): LeaderReading | null {
    const { button } = this.#devices;
    let reading: LeaderReading | null = null;
    this.#decoder.pushStatus(bytes, (packet) => {
      if (packet.error !== 0) {
        this.#complaint = `device ${packet.id}: ${STATUS_ERRORS[packet.error] ?? `error ${packet.error}`}`;
      } else if (this.#button === null) {
        if (packet.id === button?.id && packet.parameters.length === 1) {
          this.#button = packet.parameters[0] !== 0;
          send(this.#request);
        }
      } else if (this.#ids.includes(packet.id) && !this.#positions.has(packet.id)) {
        this.#keep(packet);
        if (this.#positions.size === this.#ids.length) {
          reading = this.#reading(this.#button);
        }
      }
    });
    return reading;
  }

  complaint(): string {
    return this.#complaint;
  }

  #keep(packet: StatusPacket): void {
    const position = readPosition(packet);
    if (position === null) {
      this.#complaint = `device ${packet.id} sent ${packet.parameters.length} bytes for its position: is it of the X series?`;
    } else {
      this.#positions.set(packet.id, position);
    }
  }

  /** Null where a position is missing. */
  #reading(button: boolean): LeaderReading | null {
    const angles = this.#devices.joints.map((id) => this.#positions.get(id) ?? Number.NaN);
    const gripper = this.#positions.get(this.#devices.gripper);
    return isJointVector(angles) && gripper !== undefined ? { angles, gripper, button } : null;
  }
}
