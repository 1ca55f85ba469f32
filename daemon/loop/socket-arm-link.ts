import { createConnection, type Socket } from "node:net";
import { BehaviorSubject, defer, filter, map, merge, type Observable, of, Subject, take, timeout } from "rxjs";
import type { Clock } from "../ports/clock.js";
import type { FromArm, ToArm } from "../types/arm-link.js";
import type { Seconds } from "../types/units.js";
import type { ArmLink, ArmLinkStatus, ArmResult } from "./arm-link.js";
import { parseFromArm } from "./arm-messages.js";

/** First wait before connecting again; doubled up to the longest. */
const SHORTEST_WAIT: Seconds = 0.05;
const LONGEST_WAIT: Seconds = 1;
/** An arm process answers within a few ticks, an acknowledgement within 2 s; after this it is taken as not answering. */
const ANSWER_TIME: Seconds = 3;
/** A state report is about 1 kB; a longer line than this is not one of ours. Characters. */
const LONGEST_LINE = 64 * 1024;

/** The line to the arm process over its Unix socket; connects again by itself, 0.05 to 1 s apart, until closed. */
export function createSocketArmLink(path: string, clock: Clock): ArmLink {
  const messages = new Subject<FromArm>();
  const status = new BehaviorSubject<ArmLinkStatus>({
    kind: "disconnected",
    since: clock.now(),
    reason: "not connected to the arm process yet",
  });
  let wait = SHORTEST_WAIT;
  let again: NodeJS.Timeout | undefined;
  let closed = false;
  let nextId = 1;

  const connect = (): Socket => {
    const born = createConnection(path);
    let reason = "the arm process closed the connection";
    let rest = "";
    born.setEncoding("utf8");
    born.on("connect", () => {
      wait = SHORTEST_WAIT;
      status.next({ kind: "connected", since: clock.now() });
    });
    born.on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const message = parseFromArm(line);
        if (typeof message === "string") {
          reason = `the arm process sent ${message}; are both of the same version?`;
          born.destroy();
          return;
        }
        messages.next(message);
      }
      if (rest.length > LONGEST_LINE) {
        reason = "the arm process sent a line without end";
        born.destroy();
      }
    });
    born.on("error", (error) => {
      reason = `no link to the arm process at ${path} (${error.message}); is it running?`;
    });
    born.on("close", () => {
      if (closed) {
        return;
      }
      if (status.value.kind === "connected" || status.value.reason !== reason) {
        status.next({ kind: "disconnected", since: clock.now(), reason });
      }
      again = setTimeout(() => {
        current = connect();
      }, wait * 1000);
      wait = Math.min(2 * wait, LONGEST_WAIT);
    });
    return born;
  };
  let current = connect();

  const send = (message: ToArm): boolean => {
    if (status.value.kind !== "connected" || !current.writable) {
      return false;
    }
    current.write(`${JSON.stringify(message)}\n`);
    return true;
  };

  return {
    messages: messages.asObservable(),
    status: status.asObservable(),
    send,
    request: (request, lease): Observable<ArmResult> =>
      defer(() => {
        const id = nextId;
        nextId += 1;
        const answers = messages.pipe(
          filter((message) => message.kind === "result"),
          filter((message) => message.id === id),
        );
        const loss = status.pipe(
          filter((present) => present.kind === "disconnected"),
          map(({ reason }) => unanswered(reason)),
        );
        const sending = defer(() => {
          send({ kind: "request", id, lease, request });
          return [];
        });
        return merge(answers, loss, sending).pipe(
          take(1),
          map(({ ok, reason, epoch }) => ({ ok, reason, epoch })),
          timeout({ first: ANSWER_TIME * 1000, with: () => of(unanswered("the arm process does not answer")) }),
        );
      }),
    close: () => {
      closed = true;
      clearTimeout(again);
      current.destroy();
    },
  };
}

function unanswered(reason: string): ArmResult {
  return { ok: false, reason, epoch: -1 };
}
