import type { ServerMessage, ServerMessageOf } from "../operator/server-message.js";

const PHASE_WORDS: Readonly<Record<ServerMessageOf<"progress">["phase"], string>> = {
  homing: "Going home",
  thinking: "Thinking",
  acting: "Acting",
  paused: "Paused",
  finished: "Finished",
  stopped: "Stopped",
  failed: "Failed",
};

/** For a replay, where they differ. */
const REPLAY_WORDS: Partial<typeof PHASE_WORDS> = {
  homing: "To start",
  thinking: "Preparing",
  acting: "Replaying",
};

/** Describes a run of messages; progress and text that say nothing new in their task are left out. */
export function describing(): (message: ServerMessage) => string | null {
  let task = 0;
  let progress = "";
  let text = "";
  return (message) => {
    if (message.type === "progress") {
      const news = `${message.task} ${message.phase} ${message.detail}`;
      if (news === progress) {
        return null;
      }
      progress = news;
      if (message.task !== task) {
        task = message.task;
        text = "";
      }
    } else if (message.type === "reasoning") {
      const news = `${message.coarse}\n${message.fine}`;
      if (news === text) {
        return null;
      }
      text = news;
    }
    return describe(message);
  };
}

/** One or more lines for people about a message of the daemon; null where there is nothing to say. */
export function describe(message: ServerMessage): string | null {
  switch (message.type) {
    case "reasoning":
      return describeReasoning(message);
    case "chunk":
      return describeChunk(message);
    case "progress":
      return describeProgress(message);
    case "faults":
      return message.faults.length === 0 ? null : message.faults.map(describeFault).join("\n");
    case "control":
      return line("Control", message.reason);
    case "refused":
      return line("Refused", `${message.message}. ${message.hint}`);
    case "hello":
    case "welcome":
    case "accepted":
    case "control-granted":
    case "state":
    case "status":
      return null;
  }
}

/** What the model understood. */
export function describeReasoning({ coarse, fine, fresh }: ServerMessageOf<"reasoning">): string {
  return line("Understood", `${coarse}\n${indent(fine)}${fresh ? "" : `\n${indent("(text of an earlier chunk)")}`}`);
}

/** One chunk on one line. */
export function describeChunk(chunk: ServerMessageOf<"chunk">): string {
  const total = Object.values(chunk.phases).reduce((sum, time) => sum + time, 0);
  const surest = Math.min(...chunk.probability);
  const taken = chunk.accepted ? "taken" : `not taken: ${chunk.reason}`;
  const text = chunk.phases.text > 0 ? `, text ${milliseconds(chunk.phases.text)}` : "";
  return line(
    `Chunk ${chunk.chunk}`,
    `${taken}, ${chunk.steps} steps, ${milliseconds(total)}${text}, least sure code ${surest.toFixed(2)}`,
  );
}

/** How far the task is. */
export function describeProgress(progress: ServerMessageOf<"progress">): string {
  const { phase, detail, replay } = progress;
  const end = phase === "finished" || phase === "stopped" || phase === "failed";
  const chunks = replay === null ? `${progress.chunks} chunks, ` : "";
  const count = end ? `${chunks}${(progress.changedAt - progress.startedAt).toFixed(1)} s` : progress.instruction;
  const word = (replay === null ? undefined : REPLAY_WORDS[phase]) ?? PHASE_WORDS[phase];
  return line(word, detail === "" ? count : `${detail} (${count})`);
}

/** What is wrong and what to do. */
export function describeFault(fault: ServerMessageOf<"faults">["faults"][number]): string {
  return `${line("Fault", `${fault.part}: ${fault.detail}${fault.latched ? " (latched)" : ""}`)}\n${indent(fault.hint)}`;
}

/** A label and what belongs to it. */
export function line(label: string, text: string): string {
  return `${label.padEnd(LABEL_WIDTH)}${text}`;
}

const LABEL_WIDTH = 12;

function indent(text: string): string {
  return text.replace(/^/gm, " ".repeat(LABEL_WIDTH));
}

function milliseconds(seconds: number): string {
  return `${(seconds * 1000).toFixed(0)} ms`;
}
