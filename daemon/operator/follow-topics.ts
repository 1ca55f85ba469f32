import { map, type Observable, Subscription } from "rxjs";
import type { Clock } from "../ports/clock.js";
import type { Mode } from "../types/mode.js";
import type { OperatorBackend } from "./backend.js";
import type { ClientMessage, Topic } from "./client-message.js";
import type { ServerMessage } from "./server-message.js";
import type { StateFeed } from "./state-feed.js";
import { chunkMessage, faultsMessage, progressMessage, reasoningMessage } from "./to-message.js";

/** Where a session's topics go. */
export interface TopicSink {
  /** Written but not yet taken by the network. */
  unreadBytes(): number;
  sendText(text: string): void;
}

/** State is left out for a reader that lags this far, so that it catches up instead of being dropped. */
const LAGGING_BYTES = 64 * 1024;

/** Sends what a client subscribed to until unsubscribed. */
export function followTopics(
  subscribe: Extract<ClientMessage, { type: "subscribe" }>,
  context: { readonly backend: OperatorBackend; readonly states: StateFeed; readonly clock: Clock },
  sink: TopicSink,
): Subscription {
  const all = new Subscription();
  for (const topic of new Set(subscribe.topics)) {
    all.add(
      topic === "state"
        ? followState(context.states, context.clock, 1 / subscribe.rateHz, sink)
        : eventsOf(topic, context.backend).subscribe((message) => sink.sendText(JSON.stringify(message))),
    );
  }
  return all;
}

function eventsOf(topic: Exclude<Topic, "state">, { streams }: OperatorBackend): Observable<ServerMessage> {
  switch (topic) {
    case "reasoning":
      return streams.reasoning.pipe(map(reasoningMessage));
    case "chunks":
      return streams.chunks.pipe(map(chunkMessage));
    case "faults":
      return streams.faults.pipe(map(faultsMessage));
    case "progress":
      return streams.progress.pipe(map(progressMessage));
  }
}

function followState(states: StateFeed, clock: Clock, period: number, sink: TopicSink): Subscription {
  let mode: Mode | null = null;
  let dueAt = Number.NEGATIVE_INFINITY;
  const offer = (frame: { readonly mode: Mode; readonly text: string }): void => {
    const now = clock.now();
    const isDue = now >= dueAt || frame.mode !== mode;
    if (isDue && sink.unreadBytes() < LAGGING_BYTES) {
      mode = frame.mode;
      // Counted from when it was due, so that the mean rate is right although reports come only every 20 ms.
      dueAt = (dueAt > now - period ? dueAt : now) + period;
      sink.sendText(frame.text);
    }
  };
  if (states.latest !== null) {
    offer(states.latest);
  }
  return new Subscription(states.follow(offer));
}
