const MODES = {
  disconnected: ["No link to the arm", "Check that the arm is powered and reachable."],
  standby: ["Standing by", "Nothing may move. A task or Home engages the arm."],
  hold: ["Holding still", "Under stream, waiting for a task."],
  homing: ["Going home", "The arm moves."],
  policy: ["Following the policy", "The arm moves."],
  align: ["Waiting for the puppet", "The arm stands still until the puppet is at its pose."],
  teleop: ["The puppet moves the arm", "Whoever holds it has the command."],
  recovery: ["Coming back inside its limits", "The arm moves while hold-to-run is held, and stays latched."],
  fault: ["Stopped", "Latched until acknowledged."],
};

const PHASES = [
  ["grab", "#8aa4ad"],
  ["preprocess", "#b5c4c9"],
  ["vision", "#3f7f93"],
  ["prefill", "#5b9f8a"],
  ["text", "#c9a24b"],
  ["codes", "#7d6bab"],
  ["decode", "#b06a8c"],
  ["handOver", "#4d5f66"],
];

const PROGRESS = {
  homing: "Going home first",
  thinking: "Reading the instruction",
  acting: "Acting",
  paused: "Paused",
  finished: "Finished",
  stopped: "Stopped",
  failed: "Failed",
};

/** Width of the timeline in seconds, and how much of it lies ahead of now. */
const TIMELINE_S = 8;
const AHEAD_S = 0.8;

const byId = (id) => document.getElementById(id);

const degrees = (radians) => `${((radians * 180) / Math.PI).toFixed(1)}°`;

/** Makes an element with text; nothing that arrives is ever read as markup. */
function element(tag, className, text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

/** Draws the rows of the joints once. */
export function buildJoints(limits) {
  const rows = ["J1", "J2", "J3", "J4", "J5", "J6", "J7", "Gripper"].map((name, joint) => {
    const track = element("div", joint === 7 ? "track gripper" : "track");
    track.append(element("span", "measured"), element("span", "commanded"));
    if (joint < 7) {
      track.title = `${degrees(limits.minimum[joint])} to ${degrees(limits.maximum[joint])}`;
    }
    return [element("span", "name", name), track, element("span", "value", "–")];
  });
  byId("joints").replaceChildren(...rows.flat());
}

/** Shows mode, why the arm stands still, joints and gripper. */
export function showState(state, limits, reasons) {
  const [name, words] = MODES[state.mode];
  const stop = state.stops[0];
  byId("mode").dataset.mode = state.mode;
  byId("mode-name").textContent = name;
  const isMoving = ["policy", "homing", "teleop", "recovery"].includes(state.mode);
  byId("mode-why").textContent =
    !isMoving && stop !== undefined
      ? `${stop.detail}. ${stop.hint}`
      : reasons.length > 0 && !isMoving
        ? `Not ready: ${reasons.join("; ")}`
        : words;
  showJoints(state, limits);
  showPuppet(state.teleop, state.mode);
  const age = state.measuredAge === null ? "unknown" : `${(state.measuredAge * 1000).toFixed(0)} ms old`;
  const { latenessP99Ms, refusals } = state.stream;
  byId("arm-note").textContent = `pose ${age} · stream p99 ${latenessP99Ms.toFixed(1)} ms late · ${refusals} refused`;
}

/** What the bars of the puppet are drawn for at most: where nothing engages any more, 45 degrees. */
const APART = Math.PI / 4;
/** Within 3 degrees a joint is aligned. */
const ALIGNED = Math.PI / 60;

/** Shows how far the puppet is from the arm, joint by joint: the bar points where the puppet stands. */
function showPuppet(teleop, mode) {
  byId("puppet").hidden = teleop === null;
  if (teleop === null) {
    return;
  }
  byId("puppet-note").textContent = teleop.leader ?? "not connected";
  byId("puppet-why").textContent = teleop.detail;
  byId("end-teleop").hidden = mode !== "teleop" && mode !== "align";
  if (byId("puppet-joints").childElementCount === 0) {
    const rows = [1, 2, 3, 4, 5, 6, 7].flatMap((joint) => {
      const track = element("div", "track apart");
      track.append(element("span", "measured"), element("span", "commanded"));
      return [element("span", "name", `J${joint}`), track, element("span", "value", "–")];
    });
    byId("puppet-joints").replaceChildren(...rows);
  }
  const cells = byId("puppet-joints").children;
  for (let joint = 0; joint < 7; joint += 1) {
    const difference = teleop.differences?.[joint];
    const place = (angle) => Math.min(Math.max(0, 0.5 + angle / (2 * APART)), 1);
    showRow(cells, joint, difference, 0, place, degrees);
    cells[3 * joint + 1].dataset.aligned = String(difference !== undefined && Math.abs(difference) <= ALIGNED);
  }
}

function showJoints(state, limits) {
  const cells = byId("joints").children;
  for (let joint = 0; joint < 7; joint += 1) {
    const low = limits.minimum[joint];
    const span = limits.maximum[joint] - low;
    const place = (angle) => (angle - low) / span;
    showRow(cells, joint, state.measured?.[joint], state.commanded?.[joint], place, degrees);
  }
  const percent = (opening) => `${(opening * 100).toFixed(0)} % open`;
  showRow(cells, 7, state.gripper.measured, state.gripper.commanded, (opening) => opening, percent);
}

function showRow(cells, row, measured, commanded, place, inWords) {
  const [dot, tick] = cells[row * 3 + 1].children;
  dot.hidden = measured === undefined;
  tick.hidden = commanded === undefined;
  cells[row * 3 + 2].textContent = measured === undefined ? "–" : inWords(measured);
  if (measured !== undefined) {
    const at = place(measured);
    dot.style.left = `${clamp(at) * 100}%`;
    dot.dataset.near = String(row < 7 && (at < 0.05 || at > 0.95));
  }
  if (commanded !== undefined) {
    tick.style.left = `${clamp(place(commanded)) * 100}%`;
  }
}

const clamp = (part) => Math.min(1, Math.max(0, part));

/** Shows what the model understood. */
export function showReasoning(reasoning) {
  for (const level of ["coarse", "fine"]) {
    // Each chunk brings its text, mostly the same; a selection in it should last.
    if (byId(level).textContent !== reasoning[level]) {
      byId(level).textContent = reasoning[level];
    }
  }
}

/** Shows how old the text is. */
export function showReasoningAge(reasoning, now) {
  const age = Math.max(0, now - reasoning.generatedAt);
  byId("reasoning-age").textContent =
    `${reasoning.fresh ? "new" : "used again"} · ${age < 10 ? age.toFixed(1) : age.toFixed(0)} s old`;
}

/** Shows everything that is wrong now. */
export function showFaults(faults) {
  const items = faults.map((fault) => {
    const item = element("li", "fault", `${fault.part}: ${fault.detail}${fault.latched ? " (latched)" : ""}`);
    item.append(element("span", "hint", fault.hint));
    return item;
  });
  byId("faults").replaceChildren(...(items.length > 0 ? items : [element("li", "calm", "None.")]));
}

/** Shows how far the task is. */
export function showProgress(progress) {
  const { phase, detail, instruction, chunks } = progress;
  const length = `${chunks} chunks, ${(progress.changedAt - progress.startedAt).toFixed(1)} s`;
  const parts = [PROGRESS[phase], detail, phase === "homing" || phase === "thinking" ? "" : length, `“${instruction}”`];
  const line = byId("progress");
  line.dataset.phase = phase;
  line.textContent = parts.filter((part) => part !== "").join(" · ");
}

/** Shows how long the phases of the newest chunk took. */
export function showPhases(chunk) {
  const total = PHASES.reduce((sum, [phase]) => sum + chunk.phases[phase], 0);
  const surest = Math.min(...chunk.probability).toFixed(2);
  byId("chunk-note").textContent =
    `#${chunk.chunk} · ${(total * 1000).toFixed(0)} ms · least sure code ${surest}` +
    `${chunk.accepted ? "" : ` · not taken: ${chunk.reason}`}`;
  const taken = PHASES.filter(([phase]) => chunk.phases[phase] > 0);
  byId("phases").replaceChildren(
    ...taken.map(([phase, colour]) => {
      const bar = element("span", "");
      bar.style.width = `${(chunk.phases[phase] / total) * 100}%`;
      bar.style.background = colour;
      return bar;
    }),
  );
  byId("phase-legend").replaceChildren(
    ...taken.map(([phase, colour]) => {
      const item = element("span", "");
      const mark = element("i", "");
      mark.style.background = colour;
      const name = phase === "handOver" ? "hand-over" : phase;
      item.append(mark, `${name} ${(chunk.phases[phase] * 1000).toFixed(0)} ms`);
      return item;
    }),
  );
}

/** Draws the chunks of the last seconds, from capture to their last target. */
export function drawTimeline(chunks, now) {
  const canvas = byId("timeline");
  const ratio = window.devicePixelRatio || 1;
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  if (canvas.width !== Math.round(width * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  const draw = canvas.getContext("2d");
  draw.setTransform(ratio, 0, 0, ratio, 0, 0);
  draw.clearRect(0, 0, width, height);
  const x = (instant) => width * (1 - (now + AHEAD_S - instant) / TIMELINE_S);
  draw.font = "10px system-ui, sans-serif";
  for (let second = Math.ceil(now - TIMELINE_S); second <= now + AHEAD_S; second += 1) {
    draw.fillStyle = "#e4eaec";
    draw.fillRect(x(second), 0, 1, height - 12);
    draw.fillStyle = "#8a9aa0";
    const age = Math.round(second - now);
    if (age < 0 && age % 2 === 0) {
      draw.fillText(`${age} s`, x(second) - 8, height - 1);
    }
  }
  for (const chunk of chunks) {
    const row = chunk.chunk % 3;
    const from = x(chunk.capturedAt);
    const to = x(chunk.capturedAt + chunk.steps * chunk.period);
    draw.fillStyle = chunk.accepted ? "#8fc4b6" : "#e3a29d";
    draw.fillRect(from, 3 + row * 16, Math.max(2, to - from), 12);
    draw.fillStyle = chunk.accepted ? "#1d6b58" : "#9c2d26";
    for (let step = 1; step <= chunk.steps; step += 1) {
      draw.fillRect(x(chunk.capturedAt + step * chunk.period) - 1, 3 + row * 16, 1.5, 12);
    }
  }
  draw.fillStyle = "#17262b";
  draw.fillRect(x(now), 0, 1.5, height - 12);
}

/** Adds a line to what happened, newest first. */
export function logLine(kind, text) {
  const item = element("li", "event");
  item.dataset.kind = kind;
  item.append(element("time", "", new Date().toLocaleTimeString([], { hour12: false })), element("span", "", text));
  const list = byId("log");
  list.prepend(item);
  while (list.children.length > 50) {
    list.lastChild.remove();
  }
}
