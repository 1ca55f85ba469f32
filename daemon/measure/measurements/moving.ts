import { restAfter, restFigures, rounded } from "../coming-to-rest.js";
import type { Figure } from "../evidence.js";
import type { Finding, Measurement } from "../measurement.js";
import type { ArmAddress, MeasuringCell } from "../measuring-cell.js";
import type { Pace } from "../pace.js";
import { pause, Questions } from "../questions.js";
import { followingLag } from "./following-lag.js";

const TURNS_MOVE =
  "J7 turns by up to 60 degrees at 10, 30 and 60 deg/s; J1 swings the arm by up to 30 degrees at 10 and 30 deg/s";
const WRIST_MOVES = "J7 turns by up to 40 degrees at 30 deg/s";
/** The catalogue's worst case of a stop with 200 ms of reaction at 250 mm/s is 356 ms. */
const STOPS_WITHIN = 0.356;
/** A stream's end leaves what the drives had not reached yet: 60 deg/s times 50 ms of lag. */
const RUNS_ON_AT_MOST = 3;

/** Every measurement that moves the arm. */
export function movingMeasurements(arm: ArmAddress, pace: Pace): readonly Measurement[] {
  return [
    {
      id: "H-1",
      kind: "moving",
      moves: TURNS_MOVE,
      question:
        "The stream ends in the middle of a motion and the connection stays: what does the arm do, and how far?",
      assumed: `It stands where the last setpoints were, at most ${RUNS_ON_AT_MOST} deg further; no time-out moves it again.`,
      perform: (cell) =>
        eachTurn(
          cell,
          pace,
          () => cell.line.drop(),
          (rest) => rest.still && rest.distance <= RUNS_ON_AT_MOST,
        ),
    },
    {
      id: "H-2",
      kind: "moving",
      moves: TURNS_MOVE,
      question: "Does set_arm_stop end a stream, how fast and after which way?",
      assumed: `It does, and the arm stands within ${STOPS_WITHIN * 1000} ms.`,
      perform: (cell) =>
        eachTurn(
          cell,
          pace,
          () => cell.stop("H-2"),
          (rest) => rest.still && rest.time <= STOPS_WITHIN,
        ),
    },
    {
      id: "H-3",
      kind: "moving",
      moves: WRIST_MOVES,
      question: "The same for set_arm_slow_stop and set_arm_pause, when the stream ends with them.",
      assumed: "Both end in standstill; the program uses neither.",
      perform: async (cell) => {
        const figures: Figure[] = [];
        let still = true;
        for (const command of ["set_arm_slow_stop", "set_arm_pause"] as const) {
          const questions = await Questions.open(arm.host, arm.port);
          const rest = await restAfter(
            cell,
            7,
            30,
            () => {
              cell.line.drop();
              return questions.stop(command);
            },
            pace.watch,
          );
          questions.close();
          still &&= rest.still;
          figures.push(...restFigures(command, rest));
        }
        return verdict(still, figures, "Both end in standstill.", "One of them does not end in standstill.");
      },
    },
    {
      id: "H-4",
      kind: "moving",
      moves: WRIST_MOVES,
      question: "May a second connection stop what the first one streams? The guardian depends on it.",
      assumed: "Yes: it is accepted, answered, and the arm stands.",
      perform: async (cell) => {
        const questions = await Questions.open(arm.host, arm.port);
        let answer: Awaited<ReturnType<Questions["stop"]>> = null;
        const rest = await restAfter(
          cell,
          7,
          30,
          async () => {
            cell.line.drop();
            answer = await questions.stop("set_arm_stop");
          },
          pace.watch,
        );
        questions.close();
        const reply = answer as { readonly after: number; readonly text: string } | null;
        const figures: Figure[] = [
          { name: "answer", value: reply?.text ?? "", unit: "" },
          { name: "answer after", value: reply === null ? null : rounded(reply.after * 1000), unit: "ms" },
          ...restFigures("stopped by another", rest),
        ];
        const stopped = reply !== null && rest.still && rest.time <= STOPS_WITHIN;
        return verdict(stopped, figures, "It may.", "It may not: the guardian cannot stop this arm.");
      },
    },
    {
      id: "H-5",
      kind: "moving",
      moves: WRIST_MOVES,
      question: "What does the arm do when the connection ends in the middle of a stream, in order or with a reset?",
      assumed: `It stands as after H-1, at most ${RUNS_ON_AT_MOST} deg further.`,
      perform: async (cell) => {
        const ends = [];
        for (const how of ["in-order", "reset"] as const) {
          ends.push({ how, rest: await restAfter(cell, 7, 30, () => cell.line.cut(how), pace.watch) });
        }
        return verdict(
          ends.every(({ rest }) => rest.still && rest.distance <= RUNS_ON_AT_MOST),
          ends.flatMap(({ how, rest }) => restFigures(how, rest)),
          "It stands.",
          "It goes on moving or goes farther than assumed.",
        );
      },
    },
    {
      id: "H-15",
      kind: "moving",
      moves: "J7 turns by up to 10 degrees at 2 deg/s, a part of it suddenly",
      question:
        "Setpoints are held back in the network for a second and then arrive all at once: are they carried out?",
      assumed: "Yes, all of them: so a link without fresh state is reset, never flushed.",
      perform: async (cell) => {
        let kept = 0;
        let before = 0;
        const rest = await restAfter(
          cell,
          7,
          2,
          async () => {
            cell.line.keep();
            await pause(1000);
            before = cell.push.samples.at(-1)?.jointDeg[6] ?? 0;
            kept = cell.line.pass();
            await pause(30);
            cell.stop("H-15");
          },
          pace.watch,
        );
        const moved = Math.abs((cell.push.samples.at(-1)?.jointDeg[6] ?? 0) - before);
        const figures: Figure[] = [
          { name: "setpoints kept back", value: kept, unit: "" },
          { name: "way after their release", value: rounded(moved), unit: "deg" },
          ...restFigures("kept back", rest),
        ];
        return { outcome: "noted", words: moved > 0.5 ? "They are carried out." : "They are not.", figures };
      },
    },
    {
      id: "H-18",
      kind: "moving",
      moves: "J7 swings by 5 degrees to and fro for 4 s",
      question: "How far behind the stream does the arm follow, in high follow at the configured period?",
      assumed: "15 to 50 ms, evenly, without an error code.",
      perform: (cell) => followingLag(cell, pace.swing),
    },
  ];
}

async function eachTurn(
  cell: MeasuringCell,
  pace: Pace,
  act: () => void,
  fits: (rest: Awaited<ReturnType<typeof restAfter>>) => boolean,
): Promise<Finding> {
  const rests = [];
  const fastest = Math.max(...pace.turns.map(({ speed }) => speed));
  for (const { joint, speed } of pace.turns) {
    const watched = speed === fastest ? pace.longWatch : pace.watch;
    rests.push({ what: `J${joint} at ${speed} deg/s`, rest: await restAfter(cell, joint, speed, act, watched) });
  }
  return verdict(
    rests.every(({ rest }) => fits(rest)),
    rests.flatMap(({ what, rest }) => restFigures(what, rest)),
    `It stands, after ${Math.max(...rests.map(({ rest }) => rounded(rest.distance)))} deg at most.`,
    "It takes longer, goes farther or does not stand.",
  );
}

function verdict(asAssumed: boolean, figures: readonly Figure[], yes: string, no: string): Finding {
  return { outcome: asAssumed ? "as-assumed" : "differs", words: asAssumed ? yes : no, figures };
}
