import type { Seconds } from "../../../daemon/types/units.js";
import { isReply, RELEASES, type RunHistory, releases, STOPS, type Violation } from "./run-history.js";

/** C1: no setpoint arrives after a stop, until somebody has acknowledged it or asked for a motion. */
export function noFrameAfterStop(history: RunHistory): readonly Violation[] {
  const released = releases(history);
  const violations: Violation[] = [];
  let stop: { readonly at: number; readonly command: string } | null = null;
  let frames = 0;
  const flush = (): void => {
    if (stop !== null && frames > 0) {
      violations.push({ check: "C1", at: stop.at, detail: `${frames} setpoints after ${stop.command}` });
    }
    frames = 0;
  };
  for (const arrival of history.commands) {
    const { at, command } = arrival;
    if (STOPS.includes(command)) {
      // The repeated stops of one cause are one stop.
      stop ??= arrival;
    } else if (command === "movej_canfd" && stop !== null) {
      const { at: stoppedAt } = stop;
      if (released.some((instant) => instant > stoppedAt && instant < at)) {
        flush();
        stop = null;
      } else {
        frames += 1;
      }
    }
  }
  flush();
  return violations;
}

/** C4: a latched stop is left by an acknowledgement only, and nothing that moves is accepted before but the way back inside. */
export function latchHolds({ reports, operator }: RunHistory): readonly Violation[] {
  const violations: Violation[] = [];
  const acknowledged = operator.filter(({ direction, type }) => direction === "sent" && type === "acknowledge");
  let latchedAt: number | null = null;
  for (const { at, mode } of reports) {
    if (mode === "fault" || mode === "recovery") {
      latchedAt ??= at;
    } else if (latchedAt !== null && mode !== "disconnected") {
      const since = latchedAt;
      if (!acknowledged.some((event) => event.at > since && event.at < at)) {
        violations.push({ check: "C4", at, detail: `mode ${mode} after a latched stop, without acknowledgement` });
      }
      for (const sent of operator) {
        const early = sent.direction === "sent" && sent.at > since + LATENCY && sent.at < at - LATENCY;
        const moves = RELEASES.includes(sent.type) && !["acknowledge", "recover"].includes(sent.type);
        const first = acknowledged.find((event) => event.at > since)?.at ?? at;
        if (early && moves && sent.at < first && operator.some((e) => isReply(e, sent) && e.type === "accepted")) {
          violations.push({ check: "C4", at: sent.at, detail: `${sent.type} was accepted while a stop was latched` });
        }
      }
      latchedAt = null;
    }
  }
  return violations;
}

/** Between what happens in the arm process and what a client knows of it. */
const LATENCY: Seconds = 0.05;

/** C5: leases grow, one client holds control at a time, and nothing is accepted with another lease than the newest. */
export function oneAuthority({ operator }: RunHistory): readonly Violation[] {
  const violations: Violation[] = [];
  let newest = { lease: -1, client: "", at: -Infinity };
  for (const event of operator) {
    if (event.direction !== "heard" || event.lease === null) {
      continue;
    }
    const { at, client, lease, type } = event;
    if (type === "control-granted") {
      if (lease < newest.lease || (lease === newest.lease && client !== newest.client)) {
        violations.push({ check: "C5", at, detail: `lease ${lease} was granted after ${newest.lease}` });
      }
      newest = { lease, client, at };
    } else if (type === "accepted" && lease < newest.lease) {
      const sent = operator.find((e) => e.direction === "sent" && isReply(event, e));
      if (sent !== undefined && sent.at > newest.at) {
        violations.push({ check: "C5", at, detail: `${client}'s lease ${lease} was obeyed after ${newest.lease}` });
      }
    }
  }
  return violations;
}

/** C8: every stop, acknowledgement and change of control that an operator was told of is in the audit log. */
export function auditIsWhole({ operator, audit }: RunHistory): readonly Violation[] {
  const violations: Violation[] = [];
  if (audit.flaw !== null) {
    violations.push({ check: "C8", at: 0, detail: audit.flaw });
  }
  for (const type of ["stop", "acknowledge", "recover", "instruct", "home", "take-control", "take-over"]) {
    const sent = operator.filter((event) => event.direction === "sent" && event.type === type);
    const done = sent.filter((one) =>
      operator.some((heard) => isReply(heard, one) && ["accepted", "control-granted"].includes(heard.type)),
    );
    const kept = audit.accepted.filter((kind) => kind === type).length;
    if (kept < done.length) {
      const at = done.at(-1)?.at ?? 0;
      violations.push({ check: "C8", at, detail: `${done.length} x ${type}, ${kept} in the audit log` });
    }
  }
  return violations;
}
