import type { Clock } from "../../daemon/ports/clock.js";
import type { Puppet, PuppetListener } from "../../daemon/ports/puppet.js";
import { DriverError, type DriverErrorCode } from "../../daemon/types/driver-error.js";
import type { PuppetIdentity } from "../../daemon/types/puppet.js";
import { JOINT_COUNT, type Seconds } from "../../daemon/types/units.js";
import { DynamixelLeader } from "./dynamixel-leader.js";
import type { LeaderProtocol } from "./leader-protocol.js";
import { RealmanLeader } from "./realman-leader.js";
import { openSerialLine, type SerialLine } from "./serial-line.js";
import { adapterSerial } from "./usb-serial.js";

/** Which leader, and where. */
export type PuppetOptions =
  | { readonly kind: "realman-leader"; readonly path: string; readonly baud: number }
  | {
      readonly kind: "dynamixel-leader";
      readonly path: string;
      readonly baud: number;
      /** Device ids of J1 to J7. */
      readonly jointIds: readonly number[];
      readonly gripperId: number;
      readonly button?: { readonly id: number; readonly address: number };
    };

/**
 * Readings are asked for this often: twice in a tick of the stream, so that the newest is at most half a tick old when one is
 * due, and of 200 a second every other may be lost and 100 are left.
 */
const PERIOD: Seconds = 0.005;
/** A reading that is not there by then is lost; an FTDI adapter with its default setting takes 16 ms. */
const ANSWER_WITHIN: Seconds = 0.03;
/** So long may nothing readable come; the arm has long stopped following by then (after 95 ms, `daemon/teleop`). */
const LOST_AFTER: Seconds = 0.5;
/** How long a leader may take to say who it is: devices of a bus answer a ping to all one after the other. */
const HELLO_WITHIN: Seconds = 0.4;
/** An answer lost to noise is asked for again. */
const HELLO_EVERY: Seconds = 0.1;

/** A leader arm on a serial port. */
export function createPuppet(options: PuppetOptions, clock: Clock): Puppet {
  return new SerialPuppet(options, clock);
}

function protocolOf(options: PuppetOptions): LeaderProtocol {
  if (options.kind === "realman-leader") {
    return new RealmanLeader();
  }
  const { jointIds, gripperId, button } = options;
  return new DynamixelLeader({ joints: jointIds, gripper: gripperId, ...(button === undefined ? {} : { button }) });
}

class SerialPuppet implements Puppet {
  readonly #options: PuppetOptions;
  readonly #clock: Clock;
  #session: Session | null = null;

  constructor(options: PuppetOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
  }

  async connect(listener: PuppetListener): Promise<PuppetIdentity> {
    await this.close();
    const session = new Session(this.#options, this.#clock, listener);
    this.#session = session;
    return await session.open();
  }

  async close(): Promise<void> {
    const session = this.#session;
    this.#session = null;
    await session?.close();
  }
}

/** One connection from opening to end. */
class Session {
  readonly #options: PuppetOptions;
  readonly #clock: Clock;
  readonly #protocol: LeaderProtocol;
  #listener: PuppetListener | null;
  #line: SerialLine | null = null;
  #timer: NodeJS.Timeout | null = null;
  #reading = false;
  #gone: string | null = null;
  #seq = 0;
  #answered = true;
  #askedAt = 0;
  #lastAt = 0;
  /** Bytes since the last reading: silence and garbage need different advice. */
  #bytes = 0;
  #wakeHello: (() => void) | null = null;

  constructor(options: PuppetOptions, clock: Clock, listener: PuppetListener) {
    this.#options = options;
    this.#clock = clock;
    this.#listener = listener;
    this.#protocol = protocolOf(options);
  }

  async open(): Promise<PuppetIdentity> {
    const { path, baud, kind } = this.#options;
    this.#line = await openSerialLine(path, baud, {
      onBytes: (bytes) => this.#onBytes(bytes),
      onGone: (reason) => {
        this.#gone = reason;
        this.#wakeHello?.();
        this.#lose("puppet-lost", reason);
      },
    });
    const verdict = await this.#identify();
    if (verdict.kind === "wrong") {
      await this.close();
      throw new DriverError(verdict.code, `${path} (${kind}): ${verdict.detail}`, { path, baud });
    }
    const adapter = adapterSerial(path);
    this.#lastAt = this.#clock.now();
    this.#reading = true;
    this.#tick(this.#lastAt);
    return { kind, serial: verdict.ids === "" ? adapter : `${adapter}/${verdict.ids}`, joints: JOINT_COUNT };
  }

  async close(): Promise<void> {
    this.#listener = null;
    this.#reading = false;
    if (this.#timer !== null) {
      clearTimeout(this.#timer);
    }
    await this.#line?.close();
  }

  /** Asks until the answer is right, or for as long as an answer may take. */
  async #identify() {
    const until = this.#clock.now() + HELLO_WITHIN;
    for (;;) {
      this.#line?.write(this.#protocol.hello);
      await new Promise<void>((resolve) => {
        this.#wakeHello = resolve;
        this.#timer = setTimeout(resolve, HELLO_EVERY * 1000);
      });
      if (this.#gone !== null) {
        return { kind: "wrong", code: "puppet-lost", detail: this.#gone } as const;
      }
      const verdict = this.#protocol.judge();
      if (verdict.kind === "right" || this.#clock.now() >= until) {
        return verdict;
      }
    }
  }

  #onBytes(bytes: Uint8Array): void {
    if (!this.#reading) {
      this.#protocol.takeHello(bytes);
      return;
    }
    this.#bytes += bytes.length;
    const at = this.#clock.now();
    const reading = this.#protocol.take(bytes, (request) => this.#line?.write(request));
    // A second frame for one question is an answer that came too late for the question before.
    if (reading !== null && !this.#answered) {
      this.#answered = true;
      this.#lastAt = at;
      this.#bytes = 0;
      this.#listener?.onSample({ seq: this.#seq, at, ...reading });
    }
  }

  /** Asks for the next reading at `dueAt`, or as soon as the last is answered or given up; never catches up. */
  #tick(dueAt: number): void {
    if (!this.#reading) {
      return;
    }
    const now = this.#clock.now();
    if (now - this.#lastAt > LOST_AFTER) {
      const complaint = this.#protocol.complaint();
      const how = this.#bytes === 0 ? "nothing comes any more" : `${this.#bytes} bytes came, but no reading`;
      const code = complaint !== "" ? "puppet-device" : this.#bytes === 0 ? "puppet-silent" : "puppet-garbled";
      this.#lose(code, complaint === "" ? how : complaint);
      return;
    }
    let next = dueAt;
    if (this.#answered || now - this.#askedAt >= ANSWER_WITHIN) {
      this.#answered = false;
      this.#askedAt = now;
      this.#seq++;
      this.#line?.write(this.#protocol.ask());
      next = Math.max(dueAt + PERIOD, now + PERIOD / 2);
    } else {
      next = now + 0.001;
    }
    this.#timer = setTimeout(() => this.#tick(next), Math.max(0, (next - this.#clock.now()) * 1000));
  }

  #lose(code: DriverErrorCode, reason: string): void {
    const listener = this.#listener;
    const { path } = this.#options;
    if (this.#reading) {
      void this.close();
      listener?.onLost(new DriverError(code, `the leader arm at ${path} is lost: ${reason}`, { path }));
    }
  }
}
