import { riseAsAsked } from "../../daemon/arm/scheduling.js";
import { hostClock } from "../../daemon/ports/clock.js";
import type { JointPosition } from "../../daemon/types/units.js";
import type { Arrival, Violations } from "../../drivers/virtual-lab/controller/arrivals.js";
import { startController } from "../../drivers/virtual-lab/controller/controller.js";
import type { Fault } from "../../drivers/virtual-lab/controller/fault.js";
import { LagPlant } from "../../drivers/virtual-lab/controller/lag-plant.js";
import { type ImpairmentRequest, impairmentFrom } from "../../drivers/virtual-lab/impair/impairment.js";

// Executable for tests: a virtual controller in a process of its own, so that a busy test does not look like a dead arm.

/** What the test tells the controller. */
export type ToController =
  | { readonly kind: "start"; readonly q: JointPosition }
  | { readonly kind: "inject"; readonly fault: Fault }
  | { readonly kind: "impair"; readonly impairment: ImpairmentRequest };

/** What the controller tells the test: its port once, then what has arrived since the last message. */
export type FromController =
  | { readonly kind: "started"; readonly port: number }
  | { readonly kind: "arrived"; readonly arrivals: readonly Arrival[]; readonly violations: Violations };

const TELL_EVERY_MS = 20;

riseAsAsked();

const tell = (message: FromController): void => {
  process.send?.(message);
};

process.once("message", (first: ToController) => {
  if (first.kind !== "start") {
    throw new Error("the first message starts the controller");
  }
  const plant = new LagPlant(hostClock, first.q);
  void startController({ plant, host: "127.0.0.1", port: 0 }).then((controller) => {
    tell({ kind: "started", port: controller.address.port });
    process.on("message", (message: ToController) => {
      if (message.kind === "inject") {
        controller.inject(message.fault);
      } else if (message.kind === "impair") {
        controller.impair(impairmentFrom(message.impairment));
      }
    });
    setInterval(() => {
      const { records, violations } = controller.arrivals();
      if (records.length > 0) {
        // Rules that were broken are counted since the record was last cleared, so the test adds them up.
        controller.clearArrivals();
        tell({ kind: "arrived", arrivals: records, violations });
      }
    }, TELL_EVERY_MS);
  });
});
process.on("disconnect", () => process.exit(0));
