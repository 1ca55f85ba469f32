import type { Clock } from "../ports/clock.js";
import type { ArmRequest, StopReport } from "../types/arm-link.js";
import type { Role } from "../types/role.js";
import type { Instant, Seconds } from "../types/units.js";
import {
  type Admission,
  type Authority,
  admit,
  BEAT_PERIOD,
  endLease,
  hasLapsed,
  LEASE_TTL,
  nobodyInControl,
  renewLease,
  takeControl,
} from "./authority.js";
import type { OperatorBackend, Outcome, TaskRequest } from "./backend.js";
import type { ClientMessage } from "./client-message.js";
import { checkInstruction } from "./instruction.js";
import type { ServerMessage } from "./server-message.js";
import type { StateFeed } from "./state-feed.js";
import { refusal } from "./to-message.js";
import { describeWording } from "./wording.js";

// Interlocks: OP-03, OP-06.

/** Messages that only whoever is in control may send. */
export type HeldMessage = Extract<ClientMessage, { readonly lease: number }>;

/** A connected, authenticated client. */
export interface DeskClient {
  readonly number: number;
  readonly name: string;
  readonly role: Role;
}

/** Who is in control. */
export type Holder = Omit<DeskClient, "role">;

/** Told whenever control changes hands. */
export type ControlListener = (holder: Holder | null, reason: string) => void;

/** The daemon must take up or refuse a request within this time. */
const ANSWER_WITHIN: Seconds = 5;

/** Decides who is in control and passes on what that client asks for. */
export class ControlDesk {
  readonly #backend: OperatorBackend;
  readonly #clock: Clock;
  readonly #states: StateFeed;
  readonly #onControl: ControlListener;
  #authority: Authority;
  /** When something else was seen to drive the arm last. */
  #foreignAt: Instant = -Infinity;
  /** Hold-to-run was pressed in the last beat that was passed on. */
  #isHeld = false;

  constructor(backend: OperatorBackend, clock: Clock, states: StateFeed, onControl: ControlListener) {
    this.#backend = backend;
    this.#clock = clock;
    this.#states = states;
    this.#onControl = onControl;
    // Above every number of an earlier daemon run, since the arm process may outlive this one.
    this.#authority = nobodyInControl(Math.floor(clock.now() * 1000));
    this.#look(states.latest?.message.stops ?? []);
    states.follow(({ message }) => this.#look(message.stops));
  }

  get holder(): Holder | null {
    const lease = this.#authority.lease;
    return lease === null ? null : { number: lease.client, name: lease.name };
  }

  /** Grants control if nobody else holds it. */
  take(client: DeskClient, id: number): ServerMessage {
    this.expire();
    const before = this.#authority.lease;
    const admission = takeControl(this.#authority, client.number, client.name, this.#clock.now());
    if (admission.kind === "refused") {
      return refusal(id, admission.code, admission.message);
    }
    this.#authority = admission.authority;
    if (before === null) {
      this.#onControl(client, `${client.name} took control`);
    }
    this.#backend.commands.beat(admission.lease.number, client.role, false);
    return {
      type: "control-granted",
      id,
      lease: admission.lease.number,
      ttlMs: LEASE_TTL * 1000,
      beatMs: BEAT_PERIOD * 1000,
    };
  }

  /** Takes control from whoever has it: what moves under the former lease ramps to hold, and the lease never comes back. */
  takeOver(client: DeskClient, id: number): ServerMessage {
    const holder = this.#authority.lease;
    if (holder !== null && holder.client !== client.number) {
      this.#end(`${client.name} took control from ${holder.name}`);
    }
    return this.take(client, id);
  }

  /** Does what the client in control asks for; null where nothing is answered. */
  async handle(client: DeskClient, message: HeldMessage): Promise<ServerMessage | null> {
    this.expire();
    const admission = admit(this.#authority, client.number, message.lease, message.sequence);
    if (admission.kind === "refused") {
      return refusal(message.id, admission.code, admission.message);
    }
    this.#authority = admission.authority;
    switch (message.type) {
      case "renew":
        return this.#renew(message, admission, client.role);
      case "release-control":
        this.#end(`${client.name} released control`);
        return { type: "accepted", id: message.id, detail: "control is released" };
      case "instruct":
        return this.#instruct(message);
      case "pause":
      case "resume":
        return this.#task(message, { kind: message.type });
      case "replay":
        return this.#task(message, { kind: "replay", episode: message.episode });
      case "record": {
        const { action, task, success } = message;
        return this.#task(message, { kind: "record", action, task, success });
      }
      case "home":
        return this.#request(message, { kind: "home" });
      case "teleop":
        return this.#request(message, { kind: "teleop", clutch: message.clutch });
      case "end-teleop":
        return this.#request(message, { kind: "hold" });
      case "recover":
        return this.#request(message, { kind: "recover" });
      case "acknowledge":
        return this.#request(message, { kind: "acknowledge", reason: message.reason });
    }
  }

  /** The client's connection is gone. */
  clientGone(client: DeskClient): void {
    if (this.#authority.lease?.client === client.number) {
      this.#end(`the connection of ${client.name} closed`);
    }
  }

  /** Ends a lease whose holder has been silent for too long. */
  expire(): void {
    if (hasLapsed(this.#authority, this.#clock.now())) {
      this.#end(`${this.#authority.lease?.name ?? "the operator"} sent no beat for ${LEASE_TTL} s`);
    }
  }

  /** Whoever is in control of an arm that something else drives is so no longer, and has to take control anew. */
  #look(stops: readonly Pick<StopReport, "code" | "detail" | "at">[]): void {
    const foreign = stops.find(({ code }) => code === "foreign-motion");
    if (foreign !== undefined && foreign.at > this.#foreignAt) {
      this.#foreignAt = foreign.at;
      if (this.holder !== null) {
        this.#end(`something else drives the arm: ${foreign.detail}`);
      }
    }
  }

  #end(reason: string): void {
    this.#authority = endLease(this.#authority);
    this.#isHeld = false;
    this.#backend.commands.operatorGone(reason);
    this.#onControl(null, reason);
  }

  #renew(
    message: Extract<HeldMessage, { type: "renew" }>,
    admission: Extract<Admission, { kind: "admitted" }>,
    role: Role,
  ): ServerMessage | null {
    const now = this.#clock.now();
    const letsGo = this.#isHeld && !message.held;
    const isFresh = this.#states.isFresh(message.seen, now);
    if (isFresh || letsGo) {
      // Letting go counts also from a frozen view.
      this.#isHeld = message.held;
      this.#backend.commands.beat(admission.lease.number, role, message.held);
    }
    if (!isFresh) {
      return refusal(message.id, "stale-view", `state ${message.seen} is not what the arm does now`);
    }
    this.#authority = renewLease(this.#authority, now);
    return null;
  }

  async #instruct(message: Extract<HeldMessage, { type: "instruct" }>): Promise<ServerMessage> {
    const status = this.#backend.status();
    const check = checkInstruction(message.instruction, status.policy?.instructions ?? []);
    if (check.kind === "unusable") {
      return refusal(message.id, check.code, check.message);
    }
    if (!status.ready) {
      return refusal(message.id, "not-ready", `the system is not ready: ${status.reasons.join("; ")}`);
    }
    if (check.kind === "unknown" && !message.confirm) {
      const nearest = check.wording === null ? "" : `; ${describeWording(check.wording)}`;
      const words = `the policy was not trained on "${check.instruction}"${nearest}`;
      return refusal(message.id, "instruction-unknown", words, undefined, check.wording);
    }
    return this.#task(message, {
      kind: "instruct",
      instruction: check.instruction,
      homeFirst: message.homeFirst,
    });
  }

  #task(message: HeldMessage, task: TaskRequest): Promise<ServerMessage> {
    return answer(message.id, this.#backend.commands.task(task, message.lease));
  }

  #request(message: HeldMessage, request: ArmRequest): Promise<ServerMessage> {
    return answer(message.id, this.#backend.commands.request(request, message.lease));
  }
}

/** Turns an outcome into a reply, and silence or failure into a refusal. */
async function answer(id: number, pending: Promise<Outcome>): Promise<ServerMessage> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), ANSWER_WITHIN * 1000);
  });
  try {
    const outcome = await Promise.race([pending, silence]);
    if (outcome === null) {
      return refusal(id, "no-answer", `the daemon did not take this up within ${ANSWER_WITHIN} s`);
    }
    return outcome.kind === "done"
      ? { type: "accepted", id, detail: outcome.detail }
      : refusal(id, "not-possible", outcome.reason, outcome.hint);
  } catch (error) {
    return refusal(id, "no-answer", `the daemon failed: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    clearTimeout(timer);
  }
}
