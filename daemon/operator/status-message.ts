import { take } from "rxjs";
import type { Clock } from "../ports/clock.js";
import type { OperatorBackend } from "./backend.js";
import type { ControlDesk } from "./control-desk.js";
import type { ServerMessageOf } from "./server-message.js";
import type { StateFeed } from "./state-feed.js";
import { faultsMessage, progressMessage } from "./to-message.js";

/** The state of the whole system now. */
export function statusMessage(
  id: number,
  context: {
    readonly backend: OperatorBackend;
    readonly desk: ControlDesk;
    readonly states: StateFeed;
    readonly clock: Clock;
    readonly version: string;
    clientCount(): number;
  },
): ServerMessageOf<"status"> {
  const status = context.backend.status();
  let faults: ServerMessageOf<"faults">["faults"] = [];
  let progress: ServerMessageOf<"progress"> | null = null;
  // The streams give their newest value on subscription, so both are known at once.
  context.backend.streams.faults
    .pipe(take(1))
    .subscribe((present) => {
      faults = faultsMessage(present).faults;
    })
    .unsubscribe();
  context.backend.streams.progress
    .pipe(take(1))
    .subscribe((task) => {
      progress = progressMessage(task);
    })
    .unsubscribe();
  return {
    type: "status",
    id,
    now: context.clock.now(),
    version: context.version,
    ready: status.ready,
    reasons: [...status.reasons],
    holder: context.desk.holder?.name ?? null,
    clients: context.clientCount(),
    arm: status.arm === null ? null : { ...status.arm },
    policy:
      status.policy === null
        ? null
        : {
            bundleId: status.policy.bundleId,
            horizon: status.policy.horizon,
            period: status.policy.period,
            provider: status.policy.provider,
            instructions: [...status.policy.instructions],
          },
    state: context.states.latest?.message ?? null,
    faults,
    progress,
  };
}
