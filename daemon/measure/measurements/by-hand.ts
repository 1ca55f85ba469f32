import type { Measurement } from "../measurement.js";

const PENDANT = "with the vendor's pendant or web page and without this program";

/** Every measurement that people do themselves. */
export const BY_HAND: readonly Measurement[] = [
  {
    id: "H-6",
    kind: "by-hand",
    moves: "the arm, by a slow planned motion",
    question: "The network cable is pulled in the middle of a planned motion: is it finished?",
    assumed: "Yes: so this program never sends planned motions.",
    steps: `Start a slow motion of 20 degrees (movej, 5 %) ${PENDANT}, pull the cable half-way, watch, plug it in.`,
    figures: [{ name: "the motion is finished (yes or no)", unit: "" }],
  },
  {
    id: "H-8",
    kind: "by-hand",
    moves: "a joint, by a small planned motion after the error",
    question: "Does the next motion command clear an error that nobody acknowledged?",
    assumed: "Yes: so this program latches every error itself.",
    steps: `Raise a harmless error ${PENDANT} (a target beyond a joint's limit), do not clear it, command a motion of 1 degree.`,
    figures: [{ name: "the arm moves and the error is gone (yes or no)", unit: "" }],
  },
  {
    id: "H-10",
    kind: "by-hand",
    moves: "one joint at 5 deg/s against a force gauge",
    question: "At which force does collision detection stop the arm?",
    assumed: "Nothing: no force is promised.",
    steps: "Fix a force gauge in the way of the elbow, at collision stages 4, 6 and 8, at 5 deg/s. Never a hand.",
    figures: [
      { name: "stage 4", unit: "N" },
      { name: "stage 6", unit: "N" },
      { name: "stage 8", unit: "N" },
    ],
  },
  {
    id: "H-11",
    kind: "by-hand",
    moves: "the arm, by the vendor's stream example",
    question: "Do fence and self-collision check of the controller act on a stream?",
    assumed: "No: workspace, table and self-collision are checked by this program.",
    steps: `Set a fence ${PENDANT}, stream towards it slowly with the vendor's example program.`,
    figures: [{ name: "the controller stops the stream (yes or no)", unit: "" }],
  },
  {
    id: "H-12",
    kind: "by-hand",
    moves: "the wrist droops; support the hand, nothing breakable below",
    question: "How far does the hand sag when the 24 V supply is cut?",
    assumed: "5 cm with the mounted load.",
    steps: "Hand stretched out forward; cut the supply by the emergency stop; measure with a ruler at the fingertips.",
    figures: [
      { name: "without load", unit: "mm" },
      { name: "with 2 kg", unit: "mm" },
      { name: "with 5 kg", unit: "mm" },
    ],
  },
  {
    id: "H-14",
    kind: "by-hand",
    moves: "the wrist, by the vendor's stream example",
    question: "What does the arm do with a step over 10 degrees or a speed over 180 deg/s in a stream?",
    assumed: "The joint does not respond. The guard permits neither, so this program cannot try it.",
    steps: "With the vendor's example program, on J7 alone.",
    figures: [
      { name: "codes after a step", unit: "" },
      { name: "codes after a speed", unit: "" },
    ],
  },
  {
    id: "H-19",
    kind: "by-hand",
    moves: "the arm holds; a button of the pendant may move it",
    question: "What do the pendant's buttons do to a stream, and which words and codes does the arm then report?",
    assumed: "Any of them ends the stream's meaning: foreign motion is a fault.",
    steps: "Hold the arm with this program (kinevla home), press each button of the pendant, read kinevla watch.",
    figures: [{ name: "what was pressed and what was reported", unit: "" }],
  },
  {
    id: "H-20",
    kind: "by-hand",
    moves: "the gripper may open",
    question: "What does the gripper do when its supply is cut while it holds something?",
    assumed: "It keeps its grip mechanically.",
    steps: "Let it hold a soft object over a cushion; cut the supply.",
    figures: [{ name: "it keeps its grip (yes or no)", unit: "" }],
  },
];
