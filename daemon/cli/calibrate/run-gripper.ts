import { solveGripper } from "../../../calibration/gripper.js";
import { CellStopped } from "../../measure/cell-stopped.js";
import type { MeasuringCell } from "../../measure/measuring-cell.js";
import { pause } from "../../measure/questions.js";
import { hostClock } from "../../ports/clock.js";
import type { GripperState } from "../../types/arm-state.js";
import type { ExitCode } from "../exit-code.js";
import { note, say } from "../print.js";
import { atStand, type StandOptions, solved } from "./stand.js";
import { despiteStops } from "./visit.js";

const STROKES = 3;
/** The EG2-4C2 takes 0.7 s for its stroke and is asked every 0.2 s (drivers/gripper). */
const RESTS_MS = 600;
const MOVED_WITHIN_MS = 8000;
/** What it is told may reach it late: until it has gone so far it still stands where it stood. */
const GONE = 0.1;
/** It stands when its reports differ by less than this; one report is a thousandth. */
const STANDS = 0.003;

/** What the gripper reports when it is closed and when it is open; the arm stands meanwhile. */
export function runCalibrateGripper(options: StandOptions): Promise<ExitCode> {
  return atStand(options, async (stand) => {
    const cell = await stand.arm("the empty gripper closes and opens three times");
    let wished = 1;
    const closed: number[] = [];
    const open: number[] = [];
    await despiteStops(stand.assistant, async () => {
      const end = await cell.follow(
        (_, __, commanded) => commanded,
        () => wished,
      );
      try {
        // It is told to be open from the start.
        let wide = await opening(cell, 0);
        while (open.length < STROKES) {
          wished = 0;
          const narrow = await opening(cell, wide);
          wished = 1;
          wide = await opening(cell, narrow);
          open.push(wide);
          closed.push(narrow);
          note(`  stroke ${open.length} of ${STROKES}: ${narrow.toFixed(3)} to ${open.at(-1)?.toFixed(3)}`);
        }
      } finally {
        end();
        await cell.standBy();
      }
    });
    const { range, spread } = solved(solveGripper(closed, open));
    const path = stand.write("gripper", {
      ...{ ...stand.common, kind: "gripper", arm: stand.expected.cell.arm, ...range },
      residual: { spread, strokes: STROKES },
    });
    say(
      `Closed ${range.closed.toFixed(3)}, open ${range.open.toFixed(3)}. Spread ${spread.toFixed(3)}. Written: ${path}`,
    );
  });
}

/** The opening at which the gripper stands once it has left `from`. */
async function opening(cell: MeasuringCell, from: number): Promise<number> {
  const deadline = performance.now() + MOVED_WITHIN_MS;
  let last = Number.NaN;
  for (;;) {
    await pause(RESTS_MS);
    const { gripper, mode, refusal } = cell;
    if (mode !== "policy" || gripper === null || performance.now() > deadline) {
      throw new CellStopped(mode === "policy" ? restless(gripper) : refusal);
    }
    if (Math.abs(gripper.measured - from) > GONE && Math.abs(gripper.measured - last) < STANDS) {
      return gripper.measured;
    }
    last = gripper.measured;
  }
}

function restless(gripper: GripperState | null): string {
  if (gripper === null) {
    return "nothing is known of the gripper";
  }
  const age = (hostClock.now() - gripper.receivedAt).toFixed(1);
  return `the gripper does not move, or does not come to rest: told ${gripper.commanded}, it reported ${gripper.measured} ${age} s ago`;
}
