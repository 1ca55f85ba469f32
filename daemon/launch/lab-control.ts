import type { Arrivals } from "../../drivers/virtual-lab/controller/arrivals.js";
import type { Fault } from "../../drivers/virtual-lab/controller/fault.js";

/** The virtual lab's control port, as tests, benches and evaluation see it. */
export interface LabControl {
  /** New scene from a seed: objects, light, colours, cameras; the arm at home. */
  reset(seed: number, task: number): Promise<void>;
  /** Whether the task has succeeded since the last reset. */
  verdict(task: number): Promise<LabVerdict>;
  /** What the controller received since the last clear. */
  arrivals(): Promise<Arrivals>;
  clearArrivals(): Promise<void>;
  inject(fault: Fault): Promise<void>;
}

/** How the lab judges what happened on the table. */
export interface LabVerdict {
  readonly goal: boolean;
  readonly kinematic: boolean;
  /** In words. */
  readonly detail: string;
}

/** Talks to the lab's control port at `base`; every call rejects with what the lab answered when it refuses. */
export function labControl(base: string): LabControl {
  const call = async (method: "GET" | "POST" | "DELETE", path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(`${base}${path}`, {
      method,
      ...(body === undefined ? {} : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) {
      throw new Error(`the virtual lab refused ${method} ${path}: ${text}`);
    }
    return text === "" ? null : JSON.parse(text);
  };
  return {
    reset: async (seed, task) => {
      await call("POST", "/reset", { seed, task });
    },
    verdict: async (task) => (await call("GET", `/truth?task=${task}`)) as LabVerdict,
    arrivals: async () => (await call("GET", "/arrivals")) as Arrivals,
    clearArrivals: async () => {
      await call("DELETE", "/arrivals");
    },
    inject: async (fault) => {
      await call("POST", "/faults", fault);
    },
  };
}
