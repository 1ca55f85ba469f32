import type { ArmListener, StopKind } from "../../daemon/ports/arm.js";
import type { ArmIdentity, ArmState } from "../../daemon/types/arm-state.js";
import { DriverError } from "../../daemon/types/driver-error.js";
import type { JointVector, Seconds } from "../../daemon/types/units.js";
import {
  CLEAR_SYSTEM_ERROR,
  clearJointError,
  configurePush,
  enableJoint,
  PUSH_SETTINGS,
  type PushSettings,
  QUICK_STOP,
  refusesSetpoint,
  stopReply,
} from "./codec.js";
import { JointTargetEncoder } from "./joint-target.js";
import type { JsonObject } from "./json-object.js";
import type { ArmLink, LinkListener } from "./link.js";
import { MessageDecoder } from "./message-decoder.js";
import { QueryChannel } from "./query-channel.js";
import { ReadBack } from "./read-back.js";
import type { Rm75Options } from "./rm75-options.js";
import { openSerialLink } from "./serial-link.js";
import { pollState } from "./state-poller.js";
import { readPush } from "./state-push.js";
import { StateReceiver } from "./state-receiver.js";
import { StopWriter } from "./stop-writer.js";
import { openTcpLink } from "./tcp-link.js";

// Interlocks: AR-06, AR-12, AR-13, AR-14, AR-15, AR-17, AR-19, ML-18.

/** The push comes every 5 to 20 ms once it is configured. */
const FIRST_STATE_TIMEOUT: Seconds = 1;
/** Frames in a row that the operating system did not take before the link counts as lost. */
const MAXIMUM_UNSENT = 10;
/** The controller is asked how it is this often; at the same time this shows that it still answers (AR-06, AR-13, ML-18). */
const READ_PERIOD: Seconds = 1;
/** Unit of the push period on the wire. */
const PUSH_CYCLE: Seconds = 0.005;

/** What outlives a session. */
export interface Former {
  /** What the push was set to before we changed it first; later sessions would read back our own setting. */
  readonly push: PushSettings | null;
  /** How long the controller had run; null where nobody read it. */
  readonly runningTime: Seconds | null;
}

/** Before the first session. */
export const NOTHING_BEFORE: Former = { push: null, runningTime: null };

/**
 * One connection to an arm, from opening to its end; never opened twice. On TCP it is two connections: frames and stops
 * on one, where no question is ever in flight, everything else on the other.
 */
export class Session {
  readonly #options: Rm75Options;
  readonly #listener: ArmListener;
  readonly #encoder = new JointTargetEncoder();
  readonly #channel: QueryChannel;
  readonly #stops = new StopWriter((bytes) => this.#commandLink?.write(bytes));
  #phase: "opening" | "open" | "ended" = "opening";
  #commandLink: ArmLink | null = null;
  #queryLink: ArmLink | null = null;
  #receiver: StateReceiver | null = null;
  #stateArrived: (() => void) | null = null;
  #unsent = 0;
  /** What the push was set to before; restored at the end. */
  #formerPush: PushSettings | null;
  #pushChanged = false;
  /** Datagrams from the arm that were no reports. */
  #rejected = 0;
  #decoders: readonly MessageDecoder[] = [];
  /** Setpoints that the arm said it does not take. */
  #refused = 0;
  /** Answers to questions that were not open. */
  #unasked = 0;
  #readTimer: NodeJS.Timeout | null = null;
  readonly #readBack: ReadBack;

  constructor(options: Rm75Options, listener: ArmListener, former: Former) {
    this.#options = options;
    this.#listener = listener;
    this.#formerPush = former.push;
    this.#channel = new QueryChannel(
      (bytes) => this.#queryLink?.write(bytes),
      (message) => this.#hear(message),
      options.clock,
    );
    this.#readBack = new ReadBack(this.#channel, options, former.runningTime);
  }

  /** For the session after this one. */
  get former(): Former {
    return { push: this.#formerPush, runningTime: this.#readBack.formerly };
  }

  /** Opens the links, reads the arm's identity back and starts its state; throws DriverError and ends the session. */
  async open(): Promise<ArmIdentity> {
    try {
      await this.#openLinks();
      const identity = await this.#readBack.open();
      await this.#startState();
      this.#phase = "open";
      for (const tool of this.#options.tools) {
        tool.connected((bytes) => this.#queryLink?.write(bytes));
      }
      this.#readTimer = setInterval(() => void this.#readAgain(), READ_PERIOD * 1000);
      return identity;
    } catch (error) {
      // What went wrong first is what the owner has to know.
      await this.close().catch(() => undefined);
      throw error;
    }
  }

  send(q: JointVector): void {
    const link = this.#commandLink;
    if (this.#phase !== "open" || link === null) {
      return;
    }
    this.#stops.cancel();
    const frame = this.#encoder.encode(q);
    if (link.isIdle()) {
      this.#unsent = 0;
      link.write(frame);
      return;
    }
    this.#unsent += 1;
    if (this.#unsent >= MAXIMUM_UNSENT) {
      this.#lose(new DriverError("link-lost", "the arm takes no frames any more", { frames: this.#unsent }));
    }
  }

  stop(kind: StopKind): void {
    if (this.#phase !== "ended") {
      this.#stops.stop(kind);
    }
  }

  async clearFaults(): Promise<void> {
    const joints = [1, 2, 3, 4, 5, 6, 7];
    for (const query of [...joints.map(clearJointError), CLEAR_SYSTEM_ERROR, ...joints.map(enableJoint)]) {
      if (!(await this.#ask(query))) {
        throw new DriverError("bad-answer", `the arm refuses ${query.command}`, { command: query.command });
      }
    }
  }

  /** Drops the links with a reset; nothing that is still unsent goes out. */
  reset(): void {
    this.#end(new DriverError("link-lost", "the link to the arm was reset"));
    this.#commandLink?.reset();
    this.#queryLink?.reset();
  }

  /** Restores the former push and ends the links in order; throws DriverError when the arm does not restore it. */
  async close(): Promise<void> {
    try {
      if (this.#phase !== "ended" && this.#pushChanged && this.#formerPush !== null) {
        await this.#channel.ask(configurePush(this.#formerPush));
      }
    } finally {
      this.#end(new DriverError("link-lost", "the link to the arm was closed"));
      await Promise.all([this.#commandLink?.close(), this.#queryLink?.close()]);
    }
  }

  async #openLinks(): Promise<void> {
    const { link } = this.#options;
    const queries = this.#decoding((message) => this.#channel.receive(message));
    switch (link.kind) {
      case "tcp":
        this.#commandLink = await openTcpLink(
          link.host,
          link.port,
          this.#decoding((message) => this.#hear(message)),
        );
        this.#queryLink = await openTcpLink(link.host, link.port, queries);
        return;
      case "serial":
        this.#queryLink = await openSerialLink(link.path, link.baudRate, queries);
        this.#commandLink = this.#queryLink;
        return;
    }
  }

  #decoding(onMessage: (message: JsonObject) => void): LinkListener {
    const decoder = new MessageDecoder();
    this.#decoders = [...this.#decoders, decoder];
    return {
      onLost: (error) => this.#lose(error),
      onBytes: (bytes) => decoder.push(bytes, onMessage),
    };
  }

  async #startState(): Promise<void> {
    const source = this.#commandLink?.remoteAddress ?? null;
    const arrived = new Promise<void>((resolve) => {
      this.#stateArrived = resolve;
    });
    if (source === null) {
      const ended = () => this.#phase === "ended";
      void pollState(
        this.#channel,
        this.#options.clock,
        (state) => this.#report(this.#completed(state)),
        ended,
        (error) => this.#lose(error),
      );
    } else {
      await this.#startPush(source);
    }
    await this.#within(arrived);
  }

  async #startPush(source: string): Promise<void> {
    const { push, clock } = this.#options;
    this.#receiver = await StateReceiver.open({
      host: push.host,
      port: push.port,
      source,
      onPush: (message) => {
        const read = readPush(message, clock.now());
        if (read.kind === "state") {
          this.#report(this.#completed(read.state));
        } else {
          this.#rejected += 1;
        }
      },
      onLost: (error) => this.#lose(error),
    });
    this.#formerPush ??= await this.#channel.ask(PUSH_SETTINGS);
    const cycle = Math.max(1, Math.round(push.period / PUSH_CYCLE));
    this.#pushChanged = true;
    const wanted = { enable: true, cycle, port: this.#receiver.port, ip: push.host, statusWord: true };
    if (!(await this.#channel.ask(configurePush(wanted)))) {
      throw new DriverError("bad-answer", "the arm refuses set_realtime_push", { ip: push.host });
    }
  }

  /** Waits for the first state; the arm accepts any target for its push, so silence is all there is to notice. */
  async #within(arrived: Promise<void>): Promise<void> {
    const { host, port } = this.#options.push;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const message = `no state arrives from the arm; is ${host} this host's address in the arm's network?`;
        reject(new DriverError("no-answer", message, { host, port }));
      }, FIRST_STATE_TIMEOUT * 1000);
    });
    await Promise.race([arrived, late]).finally(() => clearTimeout(timer));
  }

  /** Asks on behalf of the owner; an unanswered question ends the session. */
  async #ask(query: Parameters<QueryChannel["ask"]>[0]): Promise<unknown> {
    try {
      return await this.#channel.ask(query);
    } catch (error) {
      if (error instanceof DriverError && error.code === "no-answer") {
        this.#lose(error);
      }
      throw error;
    }
  }

  /** A report with what is known besides. */
  #completed(state: ArmState): ArmState {
    const { foreign, malformed } = this.#receiver?.dropped ?? { foreign: 0, malformed: 0 };
    const { health } = state;
    const { controllerTemperature, changed, collisionReadAt, tool, restarted } = this.#readBack;
    return {
      ...state,
      health: health === null ? null : { ...health, controllerTemperature },
      link: {
        unbelieved: foreign + malformed + this.#rejected,
        waitingSince: this.#channel.waitingSince,
        garbled: this.#decoders.reduce((sum, { garbled }) => sum + garbled, 0),
        refused: this.#refused,
        unasked: this.#unasked,
        changed,
        collisionReadAt,
        tool,
        restarted,
      },
    };
  }

  async #readAgain(): Promise<void> {
    // A serial line is busy with the arm's state all the time: there the questions wait their turn.
    if (this.#receiver !== null && this.#channel.waitingSince < Infinity) {
      return;
    }
    try {
      await this.#readBack.again();
    } catch (error) {
      if (!(error instanceof DriverError)) {
        throw error;
      }
      this.#lose(error);
    }
  }

  #report(state: ArmState): void {
    if (this.#phase !== "ended") {
      this.#stateArrived?.();
      this.#stateArrived = null;
      this.#listener.onState(state);
    }
  }

  /** Messages that answer no question: confirmations of stops, events, replies of tools. */
  #hear(message: JsonObject): void {
    const confirmed = stopReply(message);
    if (confirmed !== null) {
      this.#stops.answered(confirmed);
      return;
    }
    if (refusesSetpoint(message)) {
      this.#refused += 1;
      return;
    }
    // Replies carry no id: one that nobody waits for may have been taken for another, or meant for somebody else.
    if (this.#channel.hasAsked(message)) {
      this.#unasked += 1;
      return;
    }
    for (const tool of this.#options.tools) {
      tool.hear(message);
    }
  }

  /** Something broke: the arm is told to stop where that is still possible, then the links are ended. */
  #lose(error: DriverError): void {
    if (this.#phase === "ended") {
      return;
    }
    const opened = this.#phase === "open";
    this.#end(error);
    if (opened) {
      this.#commandLink?.write(QUICK_STOP);
      void this.#commandLink?.close();
      void this.#queryLink?.close();
      this.#listener.onLost(error);
    }
  }

  #end(error: DriverError): void {
    if (this.#phase === "ended") {
      return;
    }
    const opened = this.#phase === "open";
    this.#phase = "ended";
    if (this.#readTimer !== null) {
      clearInterval(this.#readTimer);
    }
    this.#stops.cancel();
    this.#receiver?.close();
    this.#channel.fail(error);
    if (opened) {
      for (const tool of this.#options.tools) {
        tool.disconnected();
      }
    }
  }
}
