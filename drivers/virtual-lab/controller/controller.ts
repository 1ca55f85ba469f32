import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type Clock, hostClock } from "../../../daemon/ports/clock.js";
import type { Instant, JointPosition } from "../../../daemon/types/units.js";
import type { JsonObject } from "../../rm75/json-object.js";
import { DatagramImpairer } from "../impair/datagram-impairer.js";
import { ImpairedSocket } from "../impair/impaired-socket.js";
import { HEALTHY_DATAGRAMS, HEALTHY_LINE, type Impairment, type Toxics } from "../impair/impairment.js";
import type { Plant } from "../plant.js";
import { createRandom } from "../scene/random.js";
import { ArrivalRecord, type Arrivals } from "./arrivals.js";
import { Client } from "./client.js";
import { execute } from "./commands.js";
import { type ControllerIdentity, ControllerState, RM75_B } from "./controller-state.js";
import { Disturbance } from "./disturbance.js";
import type { StopObedience } from "./execution.js";
import type { Fault } from "./fault.js";
import { type History, HistoryRecord } from "./history-record.js";
import { CYCLE, type Segment } from "./motion.js";
import { pushDatagram } from "./queries.js";

/** What a virtual controller works with. */
export interface ControllerOptions {
  readonly plant: Plant;
  /** Address to listen on and to push from; keep it on loopback. */
  readonly host: string;
  /** TCP port, 0 for any free one. */
  readonly port: number;
  readonly clock?: Clock;
  /** Which arm to be; a factory-new RM75-B by default. */
  readonly identity?: ControllerIdentity;
}

/** An emulated RM75 controller: TCP and serial commands in, a moving plant and UDP state out. */
export interface VirtualController {
  readonly address: { readonly host: string; readonly port: number };
  /** Motion and stop commands since the record was last cleared. */
  arrivals(): Arrivals;
  clearArrivals(): void;
  inject(fault: Fault): void;
  /** Spoils the lines to this controller from now on; returns since when. */
  impair(impairment: Impairment): Instant;
  /** Everything since the last time, which it forgets: what came, where the arm was, what was pushed and done to it. */
  takeHistory(): History;
  /** Serves a serial line that carries the same messages. */
  attachSerial(stream: Duplex): void;
  /** Holds the measured pose (or `q`), forgets motion, errors and faults; settings and connections stay. */
  reset(q?: JointPosition): void;
  close(): Promise<void>;
}

/** Starts a virtual controller; rejects when the port is taken. */
export async function startController(options: ControllerOptions): Promise<VirtualController> {
  const server = createServer();
  const udp = createSocket("udp4");
  server.listen(options.port, options.host);
  await once(server, "listening");
  udp.bind(0, options.host);
  await once(udp, "listening");
  return new Controller(options, server, udp);
}

/** Lasting faults in force. */
interface Faults {
  silence: boolean;
  mute: boolean;
  sliced: boolean;
  frozen: Buffer | null;
  freeze: boolean;
  onStop: StopObedience;
  datagramsToDrop: number;
}

const NO_FAULTS: Faults = {
  silence: false,
  mute: false,
  sliced: false,
  frozen: null,
  freeze: false,
  onStop: "obeys",
  datagramsToDrop: 0,
};

class Controller implements VirtualController {
  readonly address: { readonly host: string; readonly port: number };
  readonly #clock: Clock;
  readonly #state: ControllerState;
  readonly #server: Server;
  readonly #udp: UdpSocket;
  readonly #record = new ArrivalRecord();
  readonly #history = new HistoryRecord();
  readonly #line: DatagramImpairer;
  readonly #random = createRandom(1).unit;
  readonly #clients = new Set<Client>();
  readonly #chain: Segment[] = [];
  readonly #startedAt: Instant;
  readonly #stalls = new Set<NodeJS.Timeout>();
  #faults: Faults = { ...NO_FAULTS };
  #toxics: Toxics = HEALTHY_LINE;
  #cycles = 0;
  /** Number of the next cycle by the clock. */
  #due = 0;
  #clientCount = 0;
  #timer: NodeJS.Timeout;

  constructor(options: ControllerOptions, server: Server, udp: UdpSocket) {
    this.#clock = options.clock ?? hostClock;
    this.#server = server;
    this.#udp = udp;
    this.#state = new ControllerState(options.identity ?? RM75_B, options.plant, (rule) => this.#record.violate(rule));
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : options.port;
    this.address = { host: options.host, port };
    server.on("connection", (socket: Socket) => {
      socket.setNoDelay(true);
      this.#attach(new ImpairedSocket(socket, () => this.#toxics, this.#random));
    });
    this.#line = new DatagramImpairer((datagram, sampledAt) => {
      this.#history.pushed(this.#clock.now(), sampledAt);
      udp.send(datagram, this.#state.push.port, this.#state.push.ip);
    });
    // A push that nobody listens to comes back as an ICMP error; the real controller does not care either.
    udp.on("error", () => {});
    this.#startedAt = this.#clock.now();
    this.#timer = setTimeout(this.#cycle, CYCLE * 1000);
  }

  arrivals(): Arrivals {
    return this.#record.read();
  }

  clearArrivals(): void {
    this.#record.clear();
  }

  attachSerial(stream: Duplex): void {
    this.#attach(stream);
  }

  takeHistory(): History {
    const { records } = this.#record.read();
    this.#record.clear();
    return { commands: records, ...this.#history.take() };
  }

  impair(impairment: Impairment): Instant {
    const at = this.#clock.now();
    this.#history.mark(at, impairment.target);
    switch (impairment.target) {
      case "tcp":
        this.#toxics = impairment;
        break;
      case "udp":
        this.#line.set(impairment);
        break;
      case "tcp-bytes":
        for (const client of this.#clients) {
          const piece = Buffer.from(impairment.base64, "base64");
          client.write(Buffer.concat(Array.from({ length: impairment.repeat }, () => piece)));
        }
        break;
      case "camera":
        break;
      case "clear":
        this.#toxics = HEALTHY_LINE;
        this.#line.set(HEALTHY_DATAGRAMS);
        break;
    }
    for (const client of this.#clients) {
      client.flush();
    }
    return at;
  }

  inject(fault: Fault): void {
    const { motion, disturbance } = this.#state;
    const now = this.#clock.now();
    this.#history.mark(now, fault.kind);
    if (disturbance.take(fault, motion.commanded, now)) {
      return;
    }
    switch (fault.kind) {
      case "mute":
        this.#faults.mute = true;
        return;
      case "silence":
        this.#faults.silence = true;
        return;
      case "refuse-connect":
        this.#server.close();
        return;
      case "stall-reading":
        this.#stall(fault.seconds);
        return;
      case "restart":
        this.#restart(fault.seconds);
        return;
      case "running-time":
        this.#state.bootedAt = process.uptime() - fault.seconds;
        return;
      case "drop-udp":
        this.#faults.datagramsToDrop = fault.count ?? Number.POSITIVE_INFINITY;
        return;
      case "freeze-udp":
        this.#faults.freeze = true;
        return;
      case "system-error":
        motion.fail(fault.code);
        return;
      case "joint-error":
        motion.jointErrors[fault.joint - 1] = fault.bits;
        return;
      case "joint-disabled":
        motion.enabled[fault.joint - 1] = false;
        return;
      case "ignore-stop":
        this.#faults.onStop = "ignores";
        return;
      case "refuse-stop":
        this.#faults.onStop = "refuses";
        return;
      case "slice-replies":
        this.#faults.sliced = true;
        return;
      case "garbage":
        for (const client of this.#clients) {
          client.write(Buffer.from('\xff\xfe{"state":"joint_degree","joint":[1e999,null,"12"]}{{\r\n', "latin1"));
        }
        return;
      case "close-connections":
        for (const client of this.#clients) {
          client.close(fault.reset);
        }
        return;
      case "clear":
        this.#clearFaults();
        return;
    }
  }

  reset(q?: JointPosition): void {
    this.#clearFaults();
    this.#chain.length = 0;
    this.#state.reset(q ?? this.#state.plant.measured().q);
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    for (const stall of this.#stalls) {
      clearTimeout(stall);
    }
    for (const client of this.#clients) {
      client.destroy();
    }
    this.#line.close();
    this.#udp.close();
    if (this.#server.listening) {
      this.#server.close();
      await once(this.#server, "close");
    }
  }

  #attach(stream: Duplex): void {
    this.#clientCount += 1;
    const client = new Client(
      this.#clientCount,
      stream,
      () => ({ silent: this.#faults.silence || this.#faults.mute, sliced: this.#faults.sliced }),
      (request, caller) => this.#hear(request, caller),
      (gone) => this.#clients.delete(gone),
    );
    this.#clients.add(client);
  }

  #hear(request: JsonObject, client: Client): void {
    const at = this.#clock.now();
    const { onStop } = this.#faults;
    execute({ state: this.#state, arrivals: this.#record, chain: this.#chain, onStop }, request, client, at);
  }

  #stall(seconds: number): void {
    const stalled = [...this.#clients];
    for (const client of stalled) {
      client.pause();
    }
    const stall = setTimeout(() => {
      this.#stalls.delete(stall);
      for (const client of stalled) {
        client.resume();
      }
    }, seconds * 1000);
    this.#stalls.add(stall);
  }

  #restart(seconds: number): void {
    this.#faults.silence = true;
    this.#server.close();
    for (const client of this.#clients) {
      client.close(true);
    }
    this.#chain.length = 0;
    this.#state.boot();
    const boot = setTimeout(() => {
      this.#stalls.delete(boot);
      this.#clearFaults();
      this.#state.boot();
    }, seconds * 1000);
    this.#stalls.add(boot);
  }

  #clearFaults(): void {
    this.#faults = { ...NO_FAULTS };
    this.#state.disturbance = new Disturbance();
    if (!this.#server.listening) {
      this.#server.listen(this.address.port, this.address.host);
    }
  }

  /** One control cycle; a late one does not bring others after it. */
  readonly #cycle = (): void => {
    const now = this.#clock.now();
    this.#state.plant.setTargets(this.#state.disturbance.driven(this.#state.motion.tick(now), now));
    this.#state.watchGripper();
    this.#history.cycle(now, this.#state.measuredMilliDeg());
    this.#push(now);
    const elapsed = this.#clock.now() - this.#startedAt;
    // A timer may fire a little early, which must not make two cycles of one.
    this.#due = Math.max(this.#due, Math.floor(elapsed / CYCLE)) + 1;
    this.#timer = setTimeout(this.#cycle, Math.max(1, Math.round((this.#due * CYCLE - elapsed) * 1000)));
  };

  #push(now: Instant): void {
    const { push } = this.#state;
    this.#cycles += 1;
    if (!push.enable || this.#cycles % push.cycle !== 0 || this.#faults.silence) {
      return;
    }
    if (this.#faults.datagramsToDrop > 0) {
      this.#faults.datagramsToDrop -= 1;
      return;
    }
    const datagram = this.#faults.frozen ?? pushDatagram(this.#state);
    this.#faults.frozen = this.#faults.freeze ? datagram : null;
    this.#line.send(datagram, now, push.cycle * CYCLE);
  }
}
