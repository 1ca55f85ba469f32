import { Link } from "./link.js";
import { showPictures } from "./pictures.js";
import {
  buildJoints,
  drawTimeline,
  logLine,
  showFaults,
  showPhases,
  showProgress,
  showReasoning,
  showReasoningAge,
  showState,
} from "./view.js";

const STATUS_MS = 1000;
const TOPICS = ["state", "reasoning", "chunks", "faults", "progress"];
const KEPT_CHUNKS = 40;

const HOLD_WORDS = {
  "not-needed": "",
  waived: "A supervisor allows motion without it.",
  pressed: "The arm may move as long as you hold it.",
  released: "Press and hold this button, then start. Letting go stops the arm.",
  stale: "Let go, then press again: a motion was cut short.",
};
const BRING_BACK_WORDS = "Press and hold this button, then bring it back. Letting go stops the arm.";

const byId = (id) => document.getElementById(id);

/** What the page shows. */
const shown = {
  link: "closed",
  state: null,
  reasoning: null,
  progress: null,
  chunks: [],
  holder: null,
  role: "viewer",
  reasons: [],
  limits: null,
};

const link = new Link(onEvent);

function onEvent(message) {
  switch (message.type) {
    case "link":
      shown.link = message.state;
      byId("link").dataset.state = message.state;
      byId("link").textContent = message.detail;
      if (message.state === "closed") {
        shown.state = null;
        byId("mode").dataset.mode = "disconnected";
        byId("mode-name").textContent = "Not connected";
        byId("mode-why").textContent = `${message.detail}. This page cannot stop the arm now: use the hardware stop.`;
      }
      break;
    case "welcome":
      onWelcome(message);
      break;
    case "refused":
      onRefused(message);
      break;
    case "control":
      shown.holder = message.holder;
      logLine("control", message.reason);
      break;
    case "state":
      shown.state = message;
      showState(message, shown.limits, shown.reasons);
      break;
    case "reasoning":
      shown.reasoning = message;
      showReasoning(message);
      break;
    case "chunk":
      shown.chunks = [...shown.chunks.slice(-KEPT_CHUNKS), message];
      showPhases(message);
      break;
    case "faults":
      showFaults(message.faults);
      break;
    case "progress":
      onProgress(message);
      break;
    case "status":
      shown.reasons = message.reasons;
      shown.holder = message.holder;
      break;
  }
  showButtons();
}

function onWelcome(welcome) {
  shown.limits = welcome.limits;
  shown.holder = welcome.holder;
  shown.role = welcome.role;
  shown.chunks = [];
  byId("login").close();
  byId("link").dataset.state = "open";
  byId("link").textContent = `connected as ${welcome.name}, ${welcome.stopOnly ? "who can only stop" : welcome.role}`;
  shown.link = "open";
  buildJoints(welcome.limits);
  byId("trained").replaceChildren(
    ...welcome.instructions.map((instruction) => {
      const option = document.createElement("option");
      option.value = instruction;
      return option;
    }),
  );
  void link.request({ type: "subscribe", topics: TOPICS, rateHz: 20 });
  void link.request({ type: "status" });
}

function onRefused(refused) {
  if (refused.code === "bad-token") {
    sessionStorage.removeItem("kinevla-token");
    byId("login-error").textContent = refused.hint;
    byId("login").showModal();
    return;
  }
  if (refused.code === "token-expired") {
    // The stop goes on working; whoever wants more logs in again after a reload.
    sessionStorage.removeItem("kinevla-token");
  }
  if (refused.code === "instruction-unknown") {
    byId("wording").hidden = false;
    byId("wording-text").textContent = `${refused.message}. It may do something else than you mean.`;
    byId("use-nearest").hidden = refused.nearest === null;
    byId("use-nearest").dataset.nearest = refused.nearest ?? "";
    return;
  }
  logLine("refused", `${refused.message}. ${refused.hint}`);
}

function onProgress(progress) {
  const isNew = shown.progress?.task !== progress.task || shown.progress.phase !== progress.phase;
  shown.progress = progress;
  showProgress(progress);
  if (isNew) {
    logLine("progress", `Task ${progress.phase}${progress.detail === "" ? "" : `: ${progress.detail}`}`);
  }
}

function showButtons() {
  const open = shown.link === "open";
  const mine = link.isInControl;
  const mode = shown.state?.mode;
  const supervises = shown.role === "supervisor" || shown.role === "maintainer";
  const isHeld = !mine && shown.holder !== null;
  byId("control").disabled = !open || shown.role === "viewer" || (isHeld && !supervises);
  byId("control").textContent = mine ? "Release control" : isHeld && supervises ? "Take over" : "Take control";
  byId("holder").textContent = mine
    ? "You are in control"
    : shown.holder === null
      ? "Nobody is in control"
      : `${shown.holder} is in control`;
  byId("holder").dataset.yours = String(mine);
  const phase = shown.progress?.phase;
  const isPaused = phase === "paused";
  const isLatched = mode === "fault" || mode === "recovery";
  byId("start").disabled = !mine || isLatched || mode === "disconnected";
  byId("pause").disabled = !mine || !(isPaused || phase === "acting" || phase === "thinking" || phase === "homing");
  byId("pause").textContent = isPaused ? "Resume" : "Pause";
  byId("home").disabled = !mine || isLatched || mode === "disconnected";
  for (const name of ["teleop", "clutch", "end-teleop"]) {
    byId(name).disabled = !mine || isLatched || mode === "disconnected";
  }
  byId("acknowledge").disabled = !mine || mode !== "fault";
  byId("recover").hidden = mode !== "recovery" && !(mode === "fault" && standsOutside());
  byId("recover").disabled = !mine || !supervises || mode !== "fault";
  showHoldToRun(mine, supervises);
}

/** A joint stands outside its limits: a supervisor may bring it back, with hold-to-run. */
function standsOutside() {
  const { measured } = shown.state ?? {};
  const { minimum, maximum } = shown.limits ?? {};
  return measured?.some((angle, joint) => angle < minimum?.[joint] || angle > maximum?.[joint]) ?? false;
}

function showHoldToRun(mine, supervises) {
  const state = shown.state?.holdToRun ?? "not-needed";
  // The way back always needs it.
  const bringsBack = !byId("recover").hidden;
  byId("hold-row").hidden = state === "not-needed" && !bringsBack;
  byId("hold").disabled = !mine || (state === "waived" && !bringsBack);
  byId("hold").dataset.state = state;
  byId("hold-why").textContent = bringsBack && state !== "stale" ? BRING_BACK_WORDS : HOLD_WORDS[state];
  byId("unattended-label").hidden = !supervises;
  byId("unattended").checked = state === "waived";
}

async function stop(reason) {
  const button = byId("stop");
  button.dataset.sent = "true";
  const reply = await link.request({ type: "stop", reason });
  logLine(
    "refused",
    reply.type === "accepted" ? "STOP sent" : `STOP did not get through: ${reply.message}. ${reply.hint}`,
  );
  setTimeout(() => {
    button.dataset.sent = "false";
  }, 600);
}

async function instruct(instruction, confirm) {
  byId("wording").hidden = true;
  const reply = await link.requestInControl({
    type: "instruct",
    instruction,
    homeFirst: byId("home-first").checked,
    confirm,
  });
  if (reply.type === "accepted") {
    logLine("accepted", `Started: ${instruction}`);
  }
}

byId("stop").addEventListener("click", () => void stop("page"));
document.addEventListener(
  "keydown",
  (event) => {
    const isTyping = event.target instanceof HTMLInputElement && event.target.type !== "checkbox";
    if (event.key === "Escape" || (event.key === " " && !isTyping)) {
      event.preventDefault();
      event.stopPropagation();
      if (!event.repeat) {
        void stop(event.key === "Escape" ? "Escape key" : "space bar");
      }
    }
  },
  { capture: true },
);
// A space bar that stopped must not also press the button in focus when it comes up.
document.addEventListener(
  "keyup",
  (event) => {
    if (event.key === " " && event.target instanceof HTMLButtonElement) {
      event.preventDefault();
    }
  },
  { capture: true },
);
byId("control").addEventListener("click", async () => {
  const type = shown.holder === null ? "take-control" : "take-over";
  await (link.isInControl ? link.releaseControl() : link.takeControl(type));
  showButtons();
});
byId("hold").addEventListener("pointerdown", (event) => {
  byId("hold").setPointerCapture(event.pointerId);
  link.hold(true);
});
for (const over of ["pointerup", "pointercancel", "lostpointercapture"]) {
  byId("hold").addEventListener(over, () => link.hold(false));
}
// A finger that stays asks for the menu, which would take the pointer away.
byId("hold").addEventListener("contextmenu", (event) => event.preventDefault());
// A page that nobody looks at holds nothing.
window.addEventListener("blur", () => link.hold(false));
document.addEventListener("visibilitychange", () => link.hold(false));
byId("unattended").addEventListener("change", () => {
  void link.request({ type: "allow-unattended", allowed: byId("unattended").checked });
});
byId("task").addEventListener("submit", (event) => {
  event.preventDefault();
  void instruct(byId("instruction").value, false);
});
byId("use-nearest").addEventListener("click", () => {
  byId("instruction").value = byId("use-nearest").dataset.nearest;
  byId("wording").hidden = true;
});
byId("run-anyway").addEventListener("click", () => void instruct(byId("instruction").value, true));
byId("pause").addEventListener("click", () => {
  void link.requestInControl({ type: shown.progress?.phase === "paused" ? "resume" : "pause" });
});
byId("home").addEventListener("click", () => void link.requestInControl({ type: "home" }));
byId("teleop").addEventListener("click", () => void link.requestInControl({ type: "teleop", clutch: false }));
byId("clutch").addEventListener("click", () => void link.requestInControl({ type: "teleop", clutch: true }));
byId("end-teleop").addEventListener("click", () => void link.requestInControl({ type: "end-teleop" }));
byId("recover").addEventListener("click", () => void link.requestInControl({ type: "recover" }));
byId("acknowledge").addEventListener("click", () => {
  void link.requestInControl({ type: "acknowledge", reason: "page" });
});
byId("login-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const credentials = { token: byId("token").value.trim(), name: byId("name").value.trim() };
  sessionStorage.setItem("kinevla-token", credentials.token);
  sessionStorage.setItem("kinevla-name", credentials.name);
  byId("login-error").textContent = "";
  link.connect(credentials);
});
byId("login").addEventListener("cancel", (event) => event.preventDefault());

setInterval(() => {
  if (shown.link === "open") {
    void link.request({ type: "status" });
  }
}, STATUS_MS);

function animate() {
  drawTimeline(shown.chunks, link.now);
  if (shown.reasoning !== null) {
    showReasoningAge(shown.reasoning, link.now);
  }
  requestAnimationFrame(animate);
}

const token = sessionStorage.getItem("kinevla-token");
const name = sessionStorage.getItem("kinevla-name");
byId("name").value = name ?? "";
if (token !== null && name !== null) {
  link.connect({ token, name });
} else {
  byId("login").showModal();
}
showButtons();
animate();
for (const role of ["front", "wrist"]) {
  void showPictures(role, () => (shown.link === "open" ? link.token : ""));
}
