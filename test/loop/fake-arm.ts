import { defer, type Observable, of, Subject, takeUntil, timer } from "rxjs";
import type { ArmLink, ArmLinkStatus, ArmResult } from "../../daemon/loop/arm-link.js";
import type { Clock } from "../../daemon/ports/clock.js";
import type { ArmReport, ArmRequest, FromArm, StopReport, ToArm } from "../../daemon/types/arm-link.js";
import type { Chunk, ChunkTarget } from "../../daemon/types/chunk.js";
import type { Mode } from "../../daemon/types/mode.js";
import type { JointPosition } from "../../daemon/types/units.js";
import { armReport, joints } from "./samples.js";

/** A stand-in for the arm process in virtual time: jumps to each target when due, homes in 0.4 s, ramps down in 0.2 s. */
export interface FakeArm {
  readonly link: ArmLink;
  readonly requests: readonly ArmRequest["kind"][];
  readonly chunks: readonly Chunk[];
  /** Everything else that it was told, in order. */
  readonly told: readonly ToArm[];
  /** Where it was asked to go, rad; undefined for its home pose. */
  readonly homes: readonly (JointPosition | undefined)[];
  mode(): Mode;
  /** As if anybody had stopped it. */
  stop(stop: Omit<StopReport, "at">, mode: Mode): void;
  /** From now on requests of this kind are refused. */
  refuse(kind: ArmRequest["kind"] | "chunk"): void;
}

const REPORT_PERIOD_MS = 20;
const HOME_TIME = 0.4;
const RAMP_TIME = 0.2;

/** Makes a fake arm process that reports until `over`. */
export function createFakeArm(clock: Clock, over: Observable<unknown>, start: Mode): FakeArm {
  const messages = new Subject<FromArm>();
  const requests: ArmRequest["kind"][] = [];
  const chunks: Chunk[] = [];
  const told: ToArm[] = [];
  const homes: (JointPosition | undefined)[] = [];
  const refused = new Set<string>();
  let mode: Mode = start;
  let epoch = 1;
  let stops: readonly StopReport[] = [];
  let homedAt = Number.POSITIVE_INFINITY;
  let stillAt = Number.NEGATIVE_INFINITY;
  let targets: readonly ChunkTarget[] = [];
  let commanded = joints(0);
  let gripper = 1;

  const report = (): ArmReport => {
    const now = clock.now();
    if (mode === "homing" && now >= homedAt) {
      mode = "hold";
      commanded = homes.at(-1) ?? commanded;
    }
    for (const target of targets.filter(({ dueAt }) => dueAt <= now)) {
      commanded = target.q;
      gripper = target.gripper;
    }
    targets = targets.filter(({ dueAt }) => dueAt > now);
    return armReport({
      at: now,
      mode,
      source: now < stillAt ? "stop" : "hold",
      epoch,
      stops,
      commanded,
      measured: commanded,
      pendingTargets: targets.length,
      gripper: { commanded: gripper, measured: gripper, receivedAt: now },
    });
  };

  const enter = (request: ArmRequest): string => {
    if (refused.has(request.kind)) {
      return "it was told to refuse";
    }
    if (clock.now() < stillAt && request.kind !== "hold") {
      return "still coming to rest";
    }
    const wrongMode = `not in mode ${mode}`;
    switch (request.kind) {
      case "engage":
        mode = mode === "standby" ? "hold" : mode;
        return mode === "hold" ? "" : wrongMode;
      case "follow-policy":
        mode = mode === "hold" ? "policy" : mode;
        epoch += 1;
        return mode === "policy" ? "" : wrongMode;
      case "home":
        mode = mode === "hold" ? "homing" : mode;
        homedAt = clock.now() + HOME_TIME;
        homes.push(request.to);
        return mode === "homing" ? "" : wrongMode;
      case "hold":
        stillAt = mode === "policy" || mode === "homing" ? clock.now() + RAMP_TIME : stillAt;
        mode = mode === "policy" || mode === "homing" ? "hold" : mode;
        targets = [];
        return mode === "hold" ? "" : wrongMode;
      case "teleop":
      case "disengage":
      case "recover":
      case "acknowledge":
        return wrongMode;
      default:
        return request satisfies never;
    }
  };

  const send = (message: ToArm): boolean => {
    if (message.kind === "chunk") {
      const { chunk } = message;
      const reason = refused.has("chunk") ? "it was told to refuse" : chunk.epoch === epoch ? "" : "old epoch";
      if (reason === "") {
        chunks.push(chunk);
        targets = chunk.targets;
      }
      messages.next({ kind: "chunk-result", id: chunk.id, accepted: reason === "", reason, receivedAt: clock.now() });
    } else {
      told.push(message);
    }
    return true;
  };

  timer(0, REPORT_PERIOD_MS)
    .pipe(takeUntil(over))
    .subscribe(() => messages.next({ kind: "state", state: report() }));

  return {
    link: {
      messages,
      status: of<ArmLinkStatus>({ kind: "connected", since: clock.now() }),
      send,
      request: (request): Observable<ArmResult> =>
        defer(() => {
          requests.push(request.kind);
          const reason = enter(request);
          return of({ ok: reason === "", reason, epoch });
        }),
      close: () => undefined,
    },
    requests,
    chunks,
    told,
    homes,
    mode: () => mode,
    stop: (stop, next) => {
      stops = [{ ...stop, at: clock.now() }];
      mode = next;
      epoch += 1;
      targets = [];
    },
    refuse: (kind) => refused.add(kind),
  };
}
