import type { OperatorClient } from "../operator/client.js";
import type { ServerMessageOf } from "../operator/server-message.js";
import { CliError, EXIT, type ExitCode } from "./exit-code.js";
import { firstState, nextState } from "./first-state.js";
import { whileHolding } from "./hold-key.js";
import { inControl } from "./in-control.js";
import { need } from "./operator-link.js";
import type { OperatorOptions } from "./operator-options.js";
import { note, say, sayJson } from "./print.js";
import { stoppedBy } from "./stopped-by.js";

/** An arm that was stopped is believed to stand after half a second; the rest is allowance. */
const STANDS_AFTER_MS = 1000;
/** How far it has come is told this often, seconds. */
const TOLD_EVERY = 1;

type State = ServerMessageOf<"state">;

/** A joint that stands outside its limits, degrees. */
interface Outside {
  readonly joint: number;
  readonly angle: number;
  readonly limit: number;
}

/** Has joints that stand outside their limits brought back, as long as the space bar is held. */
export function runRecover(options: OperatorOptions): Promise<ExitCode> {
  const tell = (words: string): void => {
    if (!options.json) {
      note(words);
    }
  };
  return inControl(options, [], async ({ client }) => {
    const found = await firstState(client);
    const outside = outsideOf(found, client.welcome.limits);
    for (const { joint, angle, limit } of outside) {
      const by = Math.abs(angle - limit).toFixed(1);
      tell(
        `J${joint + 1} stands at ${angle.toFixed(1)} deg, ${by} beyond its limit of ${limit.toFixed(0)}: it goes back just inside.`,
      );
    }
    if (found.mode !== "fault" && found.mode !== "disconnected") {
      tell("The arm is stopped and latched first.");
      const stopped = nextState(client, ({ mode }) => mode === "fault");
      await need(client.stop("to be brought back inside its limits"), "accepted");
      await stopped;
      await new Promise((resolve) => setTimeout(resolve, STANDS_AFTER_MS));
    }
    const state = await whileHolding(client, () => bringBack(client, outside, tell), "always");
    if (options.json) {
      sayJson(state);
    } else {
      say("The arm stands inside its limits again. It is still latched: look at it, then kinevla ack");
    }
    return EXIT.done;
  });
}

function outsideOf({ measured }: State, { minimum, maximum }: OperatorClient["welcome"]["limits"]): readonly Outside[] {
  if (measured === null) {
    throw new CliError(EXIT.refused, "arm-away", "Nobody knows where the arm stands.", "See: kinevla status");
  }
  const outside = measured.flatMap((angle, joint): Outside[] => {
    const limit = Math.min(Math.max(angle, minimum[joint] ?? Number.NaN), maximum[joint] ?? Number.NaN);
    return angle === limit ? [] : [{ joint, angle: degrees(angle), limit: degrees(limit) }];
  });
  if (outside.length === 0) {
    const words = "The arm stands inside its limits: there is nothing to bring back.";
    throw new CliError(EXIT.refused, "inside", words, "See: kinevla status");
  }
  return outside;
}

/** Asks for it and waits for its end; throws CliError when it is refused or does not get there. */
async function bringBack(
  client: OperatorClient,
  outside: readonly Outside[],
  tell: (words: string) => void,
): Promise<State> {
  let toldAt = -Infinity;
  let hasBegun = false;
  const ended = nextState(client, (state) => {
    hasBegun ||= state.mode === "recovery";
    if (state.mode === "recovery" && state.at - toldAt >= TOLD_EVERY) {
      toldAt = state.at;
      const angles = outside.map(
        ({ joint }) => `J${joint + 1} ${degrees(state.measured?.[joint] ?? Number.NaN).toFixed(1)}`,
      );
      tell(`Coming back: ${angles.join(", ")} deg.`);
    }
    return hasBegun && state.mode !== "recovery";
  });
  await need(client.requestInControl({ type: "recover" }), "accepted");
  const state = await ended;
  if (state.stops[0]?.code !== "recovered") {
    throw stoppedBy(state);
  }
  return state;
}

function degrees(radians: number): number {
  return (radians * 180) / Math.PI;
}
