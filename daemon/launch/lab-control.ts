import type { Arrivals } from "../../drivers/virtual-lab/controller/arrivals.js";
import type { Fault } from "../../drivers/virtual-lab/controller/fault.js";

/** The virtual lab's control port, as tests, benches and evaluation see it. */
export interface LabControl {
  /** Lays the table anew from a seed; `varied` also draws light, colours and camera poses. The arm stays where it is. */
  reset(seed: number, looks: "nominal" | "varied"): Promise<void>;
  /** How each task, in the lab's order, would be judged now. */
  verdicts(): Promise<readonly LabVerdict[]>;
  /** What the controller received since the last clear. */
  arrivals(): Promise<Arrivals>;
  clearArrivals(): Promise<void>;
  inject(fault: Fault): Promise<void>;
}

/** How the lab judges what happened on the table since the last reset. */
export interface LabVerdict {
  readonly instruction: string;
  /** Moved far enough, upright, at rest and released. */
  readonly goal: boolean;
  /** The goal, in the instructed direction. */
  readonly kinematic: boolean;
  /** m */
  readonly moved: number;
  /** Between the instructed and the real direction in the front camera's picture, rad. */
  readonly angle: number;
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
    reset: async (seed, looks) => {
      await call("POST", "/reset", { seed, looks, arm: "stay" });
    },
    verdicts: async () => ((await call("GET", "/truth")) as { readonly verdicts: readonly LabVerdict[] }).verdicts,
    arrivals: async () => (await call("GET", "/arrivals")) as Arrivals,
    clearArrivals: async () => {
      await call("DELETE", "/arrivals");
    },
    inject: async (fault) => {
      await call("POST", "/faults", fault);
    },
  };
}

/** A verdict in words. */
export function verdictInWords({ goal, kinematic, moved, angle }: LabVerdict): string {
  const how = `${(moved * 100).toFixed(1)} cm, ${((angle * 180) / Math.PI).toFixed(0)} deg off the told direction`;
  return kinematic
    ? `moved as told (${how})`
    : goal
      ? `moved, but not as told (${how})`
      : `not moved as it should (${how})`;
}
