import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { OperatorLinkError } from "../../daemon/operator/client.js";
import type { ServerMessage } from "../../daemon/operator/server-message.js";
import { calmReport, INSTRUCTIONS } from "./fake-backend.js";
import { type RawClient, type Rig, startRig } from "./rig.js";

let rig: Rig;
beforeEach(async () => {
  rig = await startRig();
});
afterEach(() => rig.close());

/** Follows state and takes control. */
async function controller(
  name = "Ada",
): Promise<{ readonly client: RawClient; readonly lease: number; readonly seen: number }> {
  const client = await rig.raw();
  client.send({ type: "subscribe", id: 1, topics: ["state"], rateHz: 50 });
  const { sequence: seen } = await client.next("state");
  client.send({ type: "take-control", id: 2, name });
  return { client, seen, lease: (await client.next("control-granted")).lease };
}

function codeOf(message: ServerMessage): string {
  return message.type === "refused" ? message.code : message.type;
}

test("a token as sub-protocol lets in at once, and the daemon introduces itself", async () => {
  const client = await rig.raw();
  const welcome = await client.next("welcome");
  assert.equal(client.socket.protocol, "kinevla.v1");
  assert.deepEqual(welcome.instructions, INSTRUCTIONS);
  assert.equal(welcome.holder, null);
  assert.equal(welcome.limits.maximum.length, 7);
});

test("a token as first message lets in too", async () => {
  const client = await rig.raw({ token: null, origin: `http://${rig.address}` });
  client.send({ type: "authenticate", id: 7, token: rig.token, name: "Ada" });
  const welcome = await client.next("welcome");
  assert.equal(welcome.id, 7);
  assert.equal(welcome.name, "Ada");
});

test("a wrong token, or another message before the token, ends the connection", async () => {
  const wrong = await rig.raw({ token: null });
  assert.equal((await wrong.ask({ type: "authenticate", id: 1, token: "x".repeat(43) })).code, "bad-token");
  assert.equal((await wrong.closed).code, 1008);
  const early = await rig.raw({ token: null });
  assert.equal((await early.ask({ type: "stop", id: 1 })).code, "not-authenticated");
  assert.equal((await early.closed).code, 1008);
  assert.deepEqual(rig.backend.calls, []);
});

test("a client that says nothing is let go after two seconds", async () => {
  const client = await rig.raw({ token: null });
  assert.equal((await client.next("refused")).code, "not-authenticated");
  assert.equal((await client.closed).code, 1008);
});

test("one operator at a time: the second is told who is in control, and control comes free", async () => {
  const { client: ada, lease } = await controller("Ada");
  const ben = await rig.raw();
  assert.equal((await ben.next("welcome")).holder, "Ada");
  const refused = await ben.ask({ type: "take-control", id: 1, name: "Ben" });
  assert.equal(refused.code, "control-held");
  assert.equal(refused.message, "Ada is in control");
  assert.equal((await ben.ask({ type: "home", id: 2, lease, sequence: 99 })).code, "no-control");
  ada.send({ type: "release-control", id: 3, lease, sequence: 1 });
  await ada.next("accepted");
  const change = await ben.next("control");
  assert.deepEqual([change.holder, change.yours], [null, false]);
  ben.send({ type: "take-control", id: 4, name: "Ben" });
  const granted = await ben.next("control-granted");
  assert.ok(granted.lease > lease);
  assert.equal((await ada.ask({ type: "home", id: 5, lease, sequence: 2 })).code, "no-control");
  assert.equal(rig.backend.count("request"), 0);
});

test("many clients asking at once: exactly one is granted control", async () => {
  const clients = await Promise.all(Array.from({ length: 12 }, () => rig.raw()));
  const replies = await Promise.all(
    clients.map(async (client) => {
      client.send({ type: "take-control", id: 1 });
      for (;;) {
        const message = client.received.find(({ type }) => type === "control-granted" || type === "refused");
        if (message !== undefined) {
          return codeOf(message);
        }
        await new Promise((resolve) => client.socket.once("message", resolve));
      }
    }),
  );
  assert.equal(replies.filter((reply) => reply === "control-granted").length, 1);
  assert.equal(replies.filter((reply) => reply === "control-held").length, 11);
});

test("an instruction reaches the daemon in the form that the policy was trained on", async () => {
  const { client, lease } = await controller();
  client.send({
    type: "instruct",
    id: 3,
    lease,
    sequence: 1,
    instruction: " Pick up the bread and move it to the FRONT. ",
  });
  assert.equal((await client.next("accepted")).id, 3);
  const call = rig.backend.calls.find(({ kind }) => kind === "task");
  assert.deepEqual(call, {
    kind: "task",
    lease,
    task: { kind: "instruct", instruction: "pick up the bread and move it to the front", homeFirst: true },
  });
});

test("an instruction that cannot be followed is refused before the daemon hears of it", async () => {
  const { client, lease } = await controller();
  let sequence = 0;
  const ask = async (instruction: string): Promise<string> => {
    sequence += 1;
    const refused = await client.ask({ type: "instruct", id: sequence, lease, sequence, instruction });
    assert.equal(refused.id, sequence);
    assert.ok(refused.message.length > 0 && refused.hint.length > 0);
    return refused.code;
  };
  assert.equal(await ask(""), "instruction-empty");
  assert.equal(await ask("x".repeat(401)), "instruction-too-long");
  assert.equal(await ask("x".repeat(10 * 1024)), "instruction-too-long");
  assert.equal(await ask("move \u0007 it"), "instruction-characters");
  assert.equal(await ask("wave"), "instruction-unknown");
  rig.backend.ready = false;
  rig.backend.reasons = ["the front camera is absent"];
  assert.equal(await ask(INSTRUCTIONS[0] ?? ""), "not-ready");
  assert.equal(rig.backend.count("task"), 0);
});

test("an unknown wording runs once the operator confirms it", async () => {
  const { client, lease } = await controller();
  const instruction = "put the bread to the left front";
  const refused = await client.ask({ type: "instruct", id: 3, lease, sequence: 1, instruction });
  assert.equal(refused.nearest, INSTRUCTIONS[0]);
  client.send({ type: "instruct", id: 4, lease, sequence: 2, instruction, confirm: true, homeFirst: false });
  await client.next("accepted");
  assert.equal(rig.backend.count("task"), 1);
});

test("pause, resume, home and acknowledge pass on, with the lease", async () => {
  const { client, lease } = await controller();
  const messages = [{ type: "pause" }, { type: "resume" }, { type: "home" }, { type: "acknowledge", reason: "clear" }];
  for (const [index, message] of messages.entries()) {
    rig.backend.arm.next(calmReport({ mode: message.type === "acknowledge" ? "fault" : "hold" }));
    client.send({ ...message, id: 10 + index, lease, sequence: 1 + index });
    assert.equal((await client.next("accepted")).id, 10 + index);
  }
  assert.deepEqual(
    rig.backend.calls.filter(({ kind }) => kind !== "beat"),
    [
      { kind: "task", task: { kind: "pause" }, lease },
      { kind: "task", task: { kind: "resume" }, lease },
      { kind: "request", request: { kind: "home" }, lease },
      { kind: "request", request: { kind: "acknowledge", reason: "clear" }, lease },
    ],
  );
});

test("what the daemon refuses or fails at comes back as a refusal", async () => {
  const { client, lease } = await controller();
  rig.backend.onRequest = async () => ({ kind: "refused", reason: "the arm is in fault", hint: "Acknowledge first." });
  const refused = await client.ask({ type: "home", id: 3, lease, sequence: 1 });
  assert.deepEqual(
    [refused.code, refused.message, refused.hint],
    ["not-possible", "the arm is in fault", "Acknowledge first."],
  );
  rig.backend.onRequest = () => Promise.reject(new Error("link lost"));
  assert.equal((await client.ask({ type: "home", id: 4, lease, sequence: 2 })).code, "no-answer");
});

test("messages of a lease out of order, repeated or with an old number are dropped", async () => {
  const { client, lease } = await controller();
  client.send({ type: "home", id: 3, lease, sequence: 5 });
  assert.equal((await client.ask({ type: "home", id: 4, lease, sequence: 5 })).code, "out-of-order");
  assert.equal((await client.ask({ type: "home", id: 5, lease, sequence: 4 })).code, "out-of-order");
  assert.equal((await client.ask({ type: "home", id: 6, lease: lease - 1, sequence: 9 })).code, "lease-lapsed");
  assert.equal(rig.backend.count("request"), 1);
});

test("beats pass on while they echo fresh state", async () => {
  const { client, lease, seen } = await controller();
  const beats = rig.backend.count("beat");
  client.send({ type: "renew", id: 3, lease, sequence: 1, seen });
  assert.equal((await client.ask({ type: "renew", id: 4, lease, sequence: 2, seen: seen + 1 })).code, "stale-view");
  assert.equal(rig.backend.count("beat"), beats + 1);
});

test("a lease lapses when the beats stop, and the daemon is told that nobody is in control", async () => {
  const { client, lease } = await controller();
  const lapse = await client.next("control");
  assert.equal(lapse.holder, null);
  assert.match(lapse.reason, /no beat/);
  assert.equal(rig.backend.count("operator-gone"), 1);
  assert.equal((await client.ask({ type: "home", id: 3, lease, sequence: 1 })).code, "lease-lapsed");
  assert.equal(rig.backend.count("request"), 0);
});

test("a closed connection ends its lease at once", async () => {
  const { client } = await controller("Ada");
  const ben = await rig.raw();
  client.socket.terminate();
  const change = await ben.next("control");
  assert.match(change.reason, /connection of Ada closed/);
  assert.equal(rig.backend.count("operator-gone"), 1);
});

test("anybody may stop, without control", async () => {
  await controller("Ada");
  const ben = await rig.raw();
  ben.send({ type: "stop", id: 1, reason: "hand in the way" });
  assert.equal((await ben.next("accepted")).id, 1);
  const stop = rig.backend.calls.find(({ kind }) => kind === "stop");
  assert.ok(stop?.kind === "stop" && stop.reason === "hand in the way");
});

test("a stop overtakes a request that the daemon has not answered", async () => {
  const { client, lease } = await controller();
  let answer: () => void = () => undefined;
  rig.backend.onRequest = () =>
    new Promise((resolve) => {
      answer = () => resolve({ kind: "done", detail: "" });
    });
  client.send({ type: "home", id: 3, lease, sequence: 1 });
  client.send({ type: "stop", id: 4 });
  assert.equal((await client.next("accepted")).id, 4);
  answer();
  assert.equal((await client.next("accepted")).id, 3);
});

test("topics give their present value first, then every change; state keeps to its rate but not for a change of mode", async () => {
  rig.backend.understood();
  const client = await rig.raw();
  client.send({ type: "subscribe", id: 1, topics: ["state", "reasoning", "faults"], rateHz: 1 });
  assert.equal((await client.next("state")).mode, "hold");
  assert.equal((await client.next("reasoning")).coarse, "move the bread");
  assert.deepEqual((await client.next("faults")).faults, []);
  for (let report = 0; report < 10; report += 1) {
    rig.backend.arm.next(calmReport());
  }
  rig.backend.arm.next(calmReport({ mode: "fault" }));
  const state = await client.next("state");
  assert.equal(state.mode, "fault");
  rig.backend.chunk(1);
  client.send({ type: "subscribe", id: 2, topics: ["chunks"] });
  assert.equal((await client.next("chunk")).chunk, 1);
});

test("status says what is true now", async () => {
  const client = await rig.connect("Ada");
  rig.backend.startTask();
  rig.backend.task("acting", "", 3);
  const reply = await client.request({ type: "status" });
  assert.ok(reply.type === "status");
  assert.equal(reply.ready, true);
  assert.equal(reply.policy?.bundleId, "table7-v3");
  assert.equal(reply.state?.mode, "hold");
  assert.equal(reply.progress?.chunks, 3);
});

test("the client class takes control, beats by itself and learns when control is lost", async () => {
  const client = await rig.connect("Ada");
  await client.subscribe(["state"]);
  assert.equal((await client.takeControl()).type, "control-granted");
  await new Promise<void>((resolve) => {
    rig.backend.onCall = () => {
      if (rig.backend.count("beat") >= 4) {
        resolve();
      }
    };
  });
  assert.equal(codeOf(await client.requestInControl({ type: "home" })), "accepted");
  assert.equal(codeOf(await client.releaseControl()), "accepted");
  assert.equal(codeOf(await client.requestInControl({ type: "home" })), "lease-lapsed");
  await rig.server.close();
  await client.closed;
  await assert.rejects(
    client.stop("late"),
    (error) => error instanceof OperatorLinkError && error.code === "link-lost",
  );
});

test("hold-to-run reaches the daemon when it is pressed and when it is let go, without waiting for the next beat", async () => {
  const client = await rig.connect("Ada");
  await client.subscribe(["state"]);
  await client.takeControl();
  const heard = (held: boolean): Promise<void> =>
    new Promise((resolve) => {
      rig.backend.onCall = (call) => {
        if (call.kind === "beat" && call.held === held) {
          resolve();
        }
      };
    });
  const pressed = heard(true);
  client.hold(true);
  await pressed;
  const released = heard(false);
  client.hold(false);
  await released;
  client.hold(true);
  await client.releaseControl();
  await client.takeControl();
  assert.ok(
    rig.backend.calls.findLast((call) => call.kind === "beat" && !call.held),
    "a new lease holds nothing",
  );
});
