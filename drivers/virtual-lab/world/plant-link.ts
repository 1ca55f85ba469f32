import { connect, type Socket } from "node:net";
import { type JointPosition, jointAt, jointPosition, mapJoints } from "../../../daemon/types/units.js";
import type { Plant, PlantState } from "../plant.js";
import { encodePlantCommand, plantStates } from "./plant-wire.js";

/** The controller's wire to the world's drives and sensors. */
export class PlantLink implements Plant {
  readonly #socket: Socket;
  #measured: PlantState;
  #targets: JointPosition;
  /** What the drives had been told when the newest measurement arrived. */
  #targetsThen: JointPosition;
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
            link.#measured = state;
            link.#targetsThen = link.#targets;
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

  /**
   * The newest measurement, with the joints carried on by what their targets have gone since it arrived: a world that is
   * held up for a while must not look like an arm that stands.
   */
  measured(): PlantState {
    const { q, ...rest } = this.#measured;
    const carried = mapJoints(q, (angle, joint) => {
      return angle + jointAt(this.#targets, joint) - jointAt(this.#targetsThen, joint);
    });
    return { ...rest, q: jointPosition(carried) };
  }

  /** Whether the world is told anything; not while it is built anew. */
  feed(feeds: boolean): void {
    this.#feeds = feeds;
  }
}
