import type { Arrivals } from "../../drivers/virtual-lab/controller/arrivals.js";
import type { Fault } from "../../drivers/virtual-lab/controller/fault.js";
import type { Task } from "../../drivers/virtual-lab/scene/tasks.js";

/** The virtual lab's control port, as tests, benches and evaluation see it. */
export interface LabControl {
  /** The lab's tasks, in its order. */
  tasks(): Promise<readonly Task[]>;
  /**
   * Lays the table anew from a seed for a task (a place in `tasks`); `varied` also draws light, colours and camera
   * poses. The arm stays where it is.
   */
  reset(seed: number, looks: "nominal" | "varied", task: number): Promise<void>;
  /** How each task, in the lab's order, would be judged now. */
  verdicts(): Promise<readonly LabVerdict[]>;
  /** What the front camera sees now, as JPEG. */
  frontPicture(): Promise<Uint8Array>;
  /** What the controller received since the last clear. */
  arrivals(): Promise<Arrivals>;
  clearArrivals(): Promise<void>;
  inject(fault: Fault): Promise<void>;
}

/** How the lab judges what happened on the table since the last reset. */
export interface LabVerdict {
  readonly instruction: string;
  /** The object rests where it should, released. */
  readonly goal: boolean;
  /** The goal, in the instructed direction, or by the named part on the named side. */
  readonly kinematic: boolean;
  /** What the lab measured, and what is missing. */
  readonly detail: string;
}

/** Talks to the lab's control port at `base`; every call rejects with what the lab answered when it refuses. */
export function labControl(base: string): LabControl {
  const call = async (method: "GET" | "POST" | "DELETE", path: string, body?: unknown): Promise<unknown> => {
    const json = { headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
    const response = await fetch(`${base}${path}`, { method, ...(body === undefined ? {} : json) });
    const text = await response.text();
    if (!response.ok) {
      throw new Error(`the virtual lab refused ${method} ${path}: ${text}`);
    }
    return text === "" ? null : JSON.parse(text);
  };
  return {
    tasks: async () => (await call("GET", "/tasks")) as readonly Task[],
    reset: async (seed, looks, task) => {
      await call("POST", "/reset", { seed, looks, task, arm: "stay" });
    },
    verdicts: async () => ((await call("GET", "/truth")) as { readonly verdicts: readonly LabVerdict[] }).verdicts,
    frontPicture: async () => {
      const response = await fetch(`${base}/front.jpg`);
      if (!response.ok) {
        throw new Error(`the virtual lab refused GET /front.jpg: ${await response.text()}`);
      }
      return new Uint8Array(await response.arrayBuffer());
    },
    arrivals: async () => (await call("GET", "/arrivals")) as Arrivals,
    clearArrivals: async () => {
      await call("DELETE", "/arrivals");
    },
    inject: async (fault) => {
      await call("POST", "/faults", fault);
    },
  };
}

/** The place in the lab's list of the task with this instruction or another wording of it; -1 where it has none. */
export function taskOf(tasks: readonly Task[], instruction: string): number {
  return tasks.findIndex((task) => [task.instruction, ...task.paraphrases, ...task.unseen].includes(instruction));
}

/** A verdict in words. */
export function verdictInWords({ goal, kinematic, detail }: LabVerdict): string {
  return `${kinematic ? "as told" : goal ? "goal reached, but not as told" : "goal not reached"} (${detail})`;
}
