import type { Seconds } from "../../types/units.js";
import { rounded } from "../coming-to-rest.js";
import type { Figure } from "../evidence.js";
import type { Finding, Measurement } from "../measurement.js";
import type { ArmAddress } from "../measuring-cell.js";
import type { Pace } from "../pace.js";
import { PushTap } from "../push-tap.js";
import { pause, Questions, type RawReply } from "../questions.js";

const NOTHING_MOVES = "nothing";
/** The push that the program asks for, in units of 5 ms. */
const CYCLE = 1;

/** What an arm may have kept from its last user or lost with its power. */
const SETTINGS = [
  "get_arm_power_state",
  "get_collision_stage",
  "get_current_tool_frame",
  "get_current_work_frame",
  "get_install_pose",
  "get_joint_en_state",
  "get_joint_max_speed",
  "get_joint_max_acc",
  "get_joint_min_pos",
  "get_joint_max_pos",
  "get_arm_max_line_speed",
  "get_arm_max_line_acc",
  "get_arm_run_mode",
  "get_self_collision_enable",
  "get_realtime_push",
  "get_controller_state",
] as const;

/** Every measurement that only asks. */
export function askingMeasurements({ listen }: Pace): readonly Measurement[] {
  return [
    {
      id: "H-7",
      kind: "asking",
      moves: NOTHING_MOVES,
      question: "How evenly does the state come by UDP, does any get lost, and is there a number or time in it?",
      assumed: "Every 5 ms, no gap of 25 ms, no number and no time.",
      perform: (arm) => withPush(arm, (push) => pushFigures(push, listen)),
    },
    {
      id: "H-9",
      kind: "asking",
      moves: NOTHING_MOVES,
      question: "Does the state go on when the connection that asked for it ends?",
      assumed: "Unknown; the program does not depend on it.",
      perform: (arm) =>
        withPush(arm, async (push, questions) => {
          questions.close();
          await pause(listen * 300);
          const count = push.samples.length;
          await pause(listen * 300);
          const after = push.samples.length - count;
          return {
            outcome: "noted",
            words: after > 0 ? "It goes on." : "It ends.",
            figures: [{ name: "datagrams after the end", value: after, unit: "" }],
          };
        }),
    },
    {
      id: "H-13",
      kind: "asking",
      moves: NOTHING_MOVES,
      question: "How does the arm come up? Ask right after switching it on.",
      assumed: "Without load, all joints enabled, collision stage above 0, no error.",
      perform: (arm) =>
        withQuestions(arm, async (questions) => {
          const figures: Figure[] = [];
          for (const command of SETTINGS) {
            const reply = await questions.ask(command);
            figures.push({ name: command, value: reply?.text ?? null, unit: "" });
          }
          const stage = figures.find(({ name }) => name === "get_collision_stage")?.value;
          const enabled = figures.find(({ name }) => name === "get_joint_en_state")?.value;
          const fits =
            /"collision_stage":[1-8]/.test(String(stage)) && !/\b0\b/.test(String(enabled).replace(/.*\[/, "["));
          return {
            outcome: fits ? "as-assumed" : "differs",
            words: fits
              ? "As assumed; compare load and tool with what is mounted."
              : "Collision stage 0, or a joint is not enabled.",
            figures,
          };
        }),
    },
    {
      id: "H-16",
      kind: "asking",
      moves: NOTHING_MOVES,
      question: "Does the arm take several lines in one piece, and one line in many?",
      assumed: "Both.",
      perform: (arm) =>
        withQuestions(arm, async (questions) => {
          const together = await questions.askTogether(Array.from({ length: 8 }, () => "get_joint_degree" as const));
          const pieces = questions.pieces;
          const slowly = await questions.askSlowly("get_joint_degree");
          const fits = together.length === 8 && slowly !== null;
          return {
            outcome: fits ? "as-assumed" : "differs",
            words: fits ? "Both." : "Not both: questions have to be spaced.",
            figures: [
              { name: "replies to 8 lines in one piece", value: together.length, unit: "" },
              { name: "pieces that they came in", value: pieces, unit: "" },
              { name: "a line byte by byte is answered", value: slowly !== null, unit: "" },
            ],
          };
        }),
    },
    {
      id: "H-17",
      kind: "asking",
      moves: NOTHING_MOVES,
      question: "Which kinds of numbers does the arm write: exponents, fractions, minus zero, NaN?",
      assumed: "Integers alone.",
      perform: (arm) =>
        withPush(arm, async (push, questions) => {
          for (const command of SETTINGS) {
            await questions.ask(command);
          }
          const texts = [...questions.replies.map(({ text }) => text), ...push.texts];
          const odd = [...new Set(texts.flatMap(oddNumbers))];
          return {
            outcome: odd.length === 0 ? "as-assumed" : "noted",
            words: odd.length === 0 ? "Integers alone." : `Others too: ${odd.slice(0, 5).join(", ")}.`,
            figures: [
              { name: "messages looked through", value: texts.length, unit: "" },
              { name: "numbers that are no plain integers", value: odd.join(" "), unit: "" },
            ],
          };
        }),
    },
  ];
}

/** Numbers outside strings that are more than digits with a sign. */
export function oddNumbers(text: string): readonly string[] {
  const bare = text.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""');
  const found = bare.match(/-?(?:\d[\d.eE+-]*|NaN|Infinity|nan|inf)/g) ?? [];
  return found.filter((token) => !/^(0|-?[1-9]\d*)$/.test(token));
}

async function pushFigures(push: PushTap, listen: Seconds): Promise<Finding> {
  const first = push.samples.length;
  await pause(listen * 1000);
  const gaps = push.samples
    .slice(first)
    .map(({ at }, index, all) => at - (all[index - 1]?.at ?? at))
    .slice(1)
    .sort((a, b) => a - b);
  const at = (part: number): number | null => {
    const gap = gaps[Math.min(gaps.length - 1, Math.floor(part * gaps.length))];
    return gap === undefined ? null : rounded(gap * 1000);
  };
  const text = push.texts.at(-1) ?? "";
  const long = gaps.filter((gap) => gap > 0.025).length;
  const counted = /"(seq|sequence|time|timestamp|stamp)"/i.test(text);
  const fits = gaps.length > 0.9 * listen * 200 && long === 0 && !counted;
  return {
    outcome: fits ? "as-assumed" : "differs",
    words: `Every ${at(0.5)} ms, ${at(1)} at most; ${long} gaps over 25 ms.`,
    figures: [
      { name: "datagrams", value: gaps.length + 1, unit: "" },
      { name: "period p50", value: at(0.5), unit: "ms" },
      { name: "period p99", value: at(0.99), unit: "ms" },
      { name: "period max", value: at(1), unit: "ms" },
      { name: "gaps over 25 ms", value: long, unit: "" },
      { name: "a number or time in it", value: counted, unit: "" },
      { name: "one datagram", value: text.trim(), unit: "" },
    ],
  };
}

async function withQuestions(arm: ArmAddress, act: (questions: Questions) => Promise<Finding>): Promise<Finding> {
  const questions = await Questions.open(arm.host, arm.port);
  try {
    return await act(questions);
  } finally {
    questions.close();
  }
}

/** With the state coming here; afterwards it goes where it went before. */
function withPush(arm: ArmAddress, act: (push: PushTap, questions: Questions) => Promise<Finding>): Promise<Finding> {
  return withQuestions(arm, async (questions) => {
    const before = await questions.ask("get_realtime_push");
    const push = await PushTap.open(arm.push.host, arm.push.port);
    try {
      await questions.configurePush({ enable: true, cycle: CYCLE, port: push.port, ip: arm.push.host });
      return await act(push, questions);
    } finally {
      push.close();
      await restore(arm, before);
    }
  });
}

/** On a connection of its own: the other may have been ended by the measurement. */
async function restore(arm: ArmAddress, before: RawReply | null): Promise<void> {
  if (before !== null) {
    const { command, state, ...settings } = before.fields;
    const questions = await Questions.open(arm.host, arm.port);
    await questions.configurePush(settings);
    questions.close();
  }
}
