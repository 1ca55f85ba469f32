import { connect, type Socket } from "node:net";
import { hostClock } from "../../../daemon/ports/clock.js";
import {
  type Instant,
  type JointPosition,
  type JointVector,
  jointAt,
  jointPosition,
  mapJoints,
  type Seconds,
} from "../../../daemon/types/units.js";
import type { Plant, PlantState } from "../plant.js";
import { encodePlantCommand, plantStates } from "./plant-wire.js";

/** A world that has not measured for so long was held up; it measures every 4 ms. */
const HELD_UP: Seconds = 0.03;
/** What is left of a difference fades within this time. */
const FADES: Seconds = 0.5;

/** The controller's wire to the world's drives and sensors. */
export class PlantLink implements Plant {
  readonly #socket: Socket;
  #measured: PlantState;
  #targets: JointPosition;
  /** What the drives had been told when the newest measurement arrived. */
  #targetsThen: JointPosition;
  /** The difference that is left after the world was held up; it fades. */
  #rest: { readonly of: JointVector; readonly at: Instant } = { of: [0, 0, 0, 0, 0, 0, 0], at: -Infinity };
  #feeds = true;

  private constructor(socket: Socket, first: PlantState) {
    this.#socket = socket;
    this.#measured = first;
    this.#targets = first.q;
    this.#targetsThen = first.q;
  }

  /** Resolves with the first measurement; rejects when nobody listens or the world ends before. */
  static open(host: string, port: number): Promise<PlantLink> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host, port, noDelay: true });
      let link: PlantLink | undefined;
      socket.on("error", reject);
      socket.on("close", () => reject(new Error("the world has ended")));
      socket.on(
        "data",
        plantStates((state) => {
          if (link === undefined) {
            link = new PlantLink(socket, state);
            resolve(link);
          } else {
            link.#take(state);
          }
        }),
      );
    });
  }

  setTargets(q: JointPosition): void {
    this.#targets = q;
    if (this.#feeds) {
      this.#socket.write(encodePlantCommand({ q, gripper: null }));
    }
  }

  setGripper(opening: number, force: number): void {
    if (this.#feeds) {
      this.#socket.write(encodePlantCommand({ q: this.#targets, gripper: { opening, force } }));
    }
  }

  #take(state: PlantState): void {
    const { q } = this.measured();
    const heldUp = state.at - this.#measured.at > HELD_UP;
    this.#measured = state;
    this.#targetsThen = this.#targets;
    if (heldUp) {
      // What was carried on is not quite where the world has got to meanwhile; an arm does not jump.
      this.#rest = { of: mapJoints(q, (angle, joint) => angle - jointAt(state.q, joint)), at: hostClock.now() };
    }
  }

  /**
   * The newest measurement, with the joints carried on by what their targets have gone since it arrived: a world that is
   * held up for a while must not look like an arm that stands.
   */
  measured(): PlantState {
    const { q, ...others } = this.#measured;
    const rest = Math.max(0, 1 - (hostClock.now() - this.#rest.at) / FADES);
    const carried = mapJoints(q, (angle, joint) => {
      const since = jointAt(this.#targets, joint) - jointAt(this.#targetsThen, joint);
      return angle + since + rest * jointAt(this.#rest.of, joint);
    });
    return { ...others, q: jointPosition(carried) };
  }

  /** Whether the world is told anything; not while it is built anew. */
  feed(feeds: boolean): void {
    this.#feeds = feeds;
  }
}
