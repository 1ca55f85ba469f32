import type { OperatorClient } from "../operator/client.js";
import type { ServerMessageOf } from "../operator/server-message.js";
import { CliError, EXIT, type ExitCode } from "./exit-code.js";
import { HoldKey, needsHolding, whileHolding } from "./hold-key.js";
import { inControl } from "./in-control.js";
import { need } from "./operator-link.js";
import { note, say, sayJson } from "./print.js";
import { Screen } from "./screen.js";
import type { TeleopOptions } from "./teleop.js";
import { teleopLine, teleopLines } from "./teleop-lines.js";

type State = ServerMessageOf<"state">;

/** Lets the puppet take over and shows how it stands. */
export function runTeleop(options: TeleopOptions): Promise<ExitCode> {
  return inControl(options, [], async ({ client }) => {
    if (options.end) {
      await need(client.requestInControl({ type: "end-teleop" }), "accepted");
      say("The arm holds.");
      return EXIT.done;
    }
    const first = await firstState(client);
    if (process.stdin.isTTY && process.stderr.isTTY && !options.json) {
      return await leadAtTerminal(client, first, options.clutch);
    }
    const state = await (first.teleop?.enabling === "button"
      ? untilLetGo(client, options)
      : whileHolding(client, () => untilLetGo(client, options)));
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

const SAY_EVERY_S = 0.5;
const DRAW_EVERY_S = 0.1;
const ENTER = "\r";
const CTRL_C = "\u0003";

/** Asks for the puppet to take over and resolves with the state after it has let go; a line of words now and then. */
async function untilLetGo(client: OperatorClient, { json, clutch }: TeleopOptions): Promise<State> {
  const over = new Promise<State>((resolve) => {
    let led = false;
    let saidAt = -Infinity;
    const leave = client.onMessage((message) => {
      if (message.type !== "state") {
        return;
      }
      const isLed = message.mode === "teleop" || message.mode === "align";
      led ||= isLed;
      if (!json && message.at - saidAt >= SAY_EVERY_S && message.teleop !== null) {
        saidAt = message.at;
        note(teleopLine(message.teleop));
      }
      if (led && !isLed) {
        leave();
        resolve(message);
      }
    });
  });
  await need(client.requestInControl({ type: "teleop", clutch }), "accepted");
  return over;
}

/**
 * The same at a terminal, until Enter: the puppet may let go, be brought elsewhere and take over again as often as it likes.
 * Throws CliError when a stop latches.
 */
async function leadAtTerminal(client: OperatorClient, first: State, clutch: boolean): Promise<ExitCode> {
  const byButton = first.teleop?.enabling === "button";
  const screen = new Screen(process.stderr);
  const keys = [
    ...(!byButton && needsHolding(first) ? ["SPACE (held): hold-to-run"] : []),
    ...(byButton ? [] : ["t: take over again"]),
    "c: take over from here (clutch)   Enter: end   Ctrl-C: stop and latch",
  ].join("   ");
  let refusal = "";
  const ask = (byClutch: boolean): void => {
    need(client.requestInControl({ type: "teleop", clutch: byClutch }), "accepted").then(
      () => {
        refusal = "";
      },
      (error: unknown) => {
        refusal = error instanceof Error ? error.message : String(error);
      },
    );
  };
  const hold = !byButton && needsHolding(first) ? holdKey(client, ask) : null;
  process.stdin.setRawMode(true);
  process.stdin.resume();
  let leave: () => void = () => undefined;
  let onKeys: (bytes: Buffer) => void = () => undefined;
  try {
    await need(client.requestInControl({ type: "teleop", clutch }), "accepted");
    const stopped = await new Promise<State | null>((resolve) => {
      let drawnAt = -Infinity;
      leave = client.onMessage((message) => {
        if (message.type !== "state" || message.teleop === null) {
          return;
        }
        if (message.mode === "fault") {
          resolve(message);
        } else if (message.at - drawnAt >= DRAW_EVERY_S) {
          drawnAt = message.at;
          screen.draw([...teleopLines(message, message.teleop, refusal), keys], message.at);
        }
      });
      onKeys = (bytes) => {
        const text = bytes.toString();
        if (text.includes(CTRL_C) && hold === null) {
          // In raw mode the terminal makes no signal of it.
          process.kill(process.pid, "SIGINT");
        } else if (text.includes(ENTER)) {
          resolve(null);
        } else if (text.includes("c") || (text.includes("t") && !byButton)) {
          ask(text.includes("c"));
        }
      };
      process.stdin.on("data", onKeys);
    });
    if (stopped !== null) {
      const stop = stopped.stops[0];
      throw new CliError(
        EXIT.unfinished,
        stop?.code ?? "stopped",
        stop?.detail ?? "The arm is stopped.",
        stop?.hint ?? "",
      );
    }
    await need(client.requestInControl({ type: "end-teleop" }), "accepted");
    say("The arm holds.");
    return EXIT.done;
  } finally {
    leave();
    process.stdin.off("data", onKeys);
    hold?.end();
    process.stdin.setRawMode(false);
    process.stdin.pause();
  }
}

/** The space bar as hold-to-run; pressed while the arm holds, it has the puppet take over again. */
function holdKey(client: OperatorClient, ask: (clutch: boolean) => void): HoldKey {
  return new HoldKey(
    process.stdin,
    () => performance.now(),
    (held) => {
      client.hold(held);
      if (held && client.state?.mode === "hold") {
        ask(false);
      }
    },
  );
}

function firstState(client: OperatorClient): Promise<State> {
  if (client.state !== null) {
    return Promise.resolve(client.state);
  }
  return new Promise((resolve) => {
    const leave = client.onMessage((message) => {
      if (message.type === "state") {
        leave();
        resolve(message);
      }
    });
  });
}
