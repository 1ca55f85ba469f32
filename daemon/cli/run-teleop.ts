import type { ServerMessageOf } from "../operator/server-message.js";
import { CliError, EXIT, type ExitCode } from "./exit-code.js";
import { whileHolding } from "./hold-key.js";
import { inControl } from "./in-control.js";
import { need } from "./operator-link.js";
import { note, say, sayJson } from "./print.js";
import type { TeleopOptions } from "./teleop.js";

type State = ServerMessageOf<"state">;

/** Lets the puppet take over and shows how it stands until the motion has ended again. */
export function runTeleop(options: TeleopOptions): Promise<ExitCode> {
  return inControl(options, [], async ({ client }) => {
    if (options.end) {
      await need(client.requestInControl({ type: "end-teleop" }), "accepted");
      say("The arm holds.");
      return EXIT.done;
    }
    const ask = async (): Promise<State> => {
      const over = new Promise<State>((resolve) => {
        let led = false;
        let shownAt = -Infinity;
        const leave = client.onMessage((message) => {
          if (message.type !== "state") {
            return;
          }
          led ||= message.mode === "teleop" || message.mode === "align";
          if (!options.json && message.at - shownAt >= SHOW_EVERY_S && message.teleop !== null) {
            shownAt = message.at;
            note(teleopLine(message.teleop));
          }
          if (led && message.mode !== "teleop" && message.mode !== "align") {
            leave();
            resolve(message);
          }
        });
      });
      await need(client.requestInControl({ type: "teleop", clutch: options.clutch }), "accepted");
      return over;
    };
    const byButton = client.state?.teleop?.enabling === "button";
    const state = byButton ? await ask() : await whileHolding(client, ask);
    if (options.json) {
      sayJson(state);
    }
    const stop = state.stops[0];
    if (stop !== undefined && stop.code !== "leader-released" && stop.code !== "deadman-released") {
      throw new CliError(EXIT.unfinished, stop.code, stop.detail, stop.hint);
    }
    if (!options.json) {
      say("The puppet has let go; the arm holds.");
    }
    return EXIT.done;
  });
}

const SHOW_EVERY_S = 0.5;
/** A bar of so many characters each way stands for 45 degrees. */
const BAR = 3;

/** One line for people: phase, each joint's difference as a bar, what to do next. */
export function teleopLine({ phase, detail, differences }: NonNullable<State["teleop"]>): string {
  const bars = (differences ?? []).map((difference, joint) => `J${joint + 1}${bar(difference)}`).join(" ");
  return `${phase.padEnd(10)} ${bars} ${detail}`;
}

function bar(difference: number): string {
  const degrees = Math.round((difference * 180) / Math.PI);
  const length = Math.min(BAR, Math.ceil(Math.abs(degrees) / (45 / BAR)));
  const left = degrees < 0 ? "<".repeat(length).padStart(BAR) : " ".repeat(BAR);
  const right = degrees > 0 ? ">".repeat(length).padEnd(BAR) : " ".repeat(BAR);
  return `[${left}|${right}]`;
}
