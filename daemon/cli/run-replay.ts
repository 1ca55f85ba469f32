import { basename } from "node:path";
import type { ServerMessageOf } from "../operator/server-message.js";
import { CLOSED } from "../recorder/episode-file.js";
import { describing } from "./describe.js";
import { EXIT, type ExitCode } from "./exit-code.js";
import { followRequest } from "./follow-task.js";
import { whileHolding } from "./hold-key.js";
import { inControl } from "./in-control.js";
import type { OperatorOptions } from "./operator-options.js";
import { say, sayJson } from "./print.js";

/** Replays an episode of the daemon's folder on the arm and shows how far measured positions then and now differ. */
export function runReplay(episode: string, options: OperatorOptions): Promise<ExitCode> {
  const describe = describing();
  return inControl(options, ["faults", "progress"], async ({ client }) => {
    let moved = false;
    // The list of recordings names them without their ending.
    const request = { type: "replay", episode: `${basename(episode, CLOSED)}${CLOSED}` } as const;
    const end = await whileHolding(client, () =>
      followRequest(client, request, (message) => {
        moved ||= message.type === "progress" && (message.phase === "homing" || message.phase === "acting");
        if (options.json) {
          if (message.type === "progress" || message.type === "faults" || message.type === "control") {
            sayJson(message);
          }
          return;
        }
        const words = describe(message);
        if (words !== null) {
          say(words);
        }
      }),
    );
    if (options.json) {
      sayJson({ type: "replayed", phase: end.phase, detail: end.detail, ...inDegrees(end) });
    } else {
      sayDifferences(end);
    }
    if (end.phase === "finished") {
      return EXIT.done;
    }
    return moved ? EXIT.unfinished : EXIT.refused;
  });
}

type Progress = ServerMessageOf<"progress">;

function inDegrees({ replay }: Progress): object {
  const differences = replay?.differences ?? null;
  const degrees = (angles: readonly number[]): readonly number[] => angles.map((angle) => (angle * 180) / Math.PI);
  return {
    episode: replay?.episode ?? "",
    seconds: replay?.length ?? null,
    poses: differences?.poses ?? 0,
    differencesDeg:
      differences === null
        ? null
        : { median: degrees(differences.median), p99: degrees(differences.p99), max: degrees(differences.most) },
  };
}

function sayDifferences({ phase, replay }: Progress): void {
  const differences = replay?.differences ?? null;
  if (differences === null) {
    if (phase === "finished") {
      say("There is nothing to compare: the recording holds no measured positions.");
    }
    return;
  }
  const { poses, median, p99, most } = differences;
  say(`Measured then and now, degrees, in ${poses} poses of ${replay?.length?.toFixed(1)} s:`);
  say("       median       p99       max");
  for (const [joint, middle] of median.entries()) {
    say(`  J${joint + 1} ${[middle, p99[joint] ?? Number.NaN, most[joint] ?? Number.NaN].map(degreesCell).join("")}`);
  }
}

function degreesCell(angle: number): string {
  return ((angle * 180) / Math.PI).toFixed(3).padStart(10);
}
