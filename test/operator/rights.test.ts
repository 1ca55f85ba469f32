import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { ClientMessage } from "../../daemon/operator/client-message.js";
import { mayAsk, RIGHTS } from "../../daemon/operator/rights.js";
import type { Mode } from "../../daemon/types/mode.js";
import { ROLES, type Role } from "../../daemon/types/role.js";
import { calmReport } from "./fake-backend.js";
import { type RawClient, type Rig, startRig } from "./rig.js";

const MODES: readonly Mode[] = [
  ...(["disconnected", "standby", "hold", "homing", "policy", "align", "teleop", "recovery", "fault"] as const),
];
type Type = Exclude<ClientMessage["type"], "authenticate">;

/** The whole table, written anew: first letter of each role, then of each mode; whatever is not here is refused. */
const TABLE: Readonly<Record<Type, readonly [roles: string, modes: string]>> = {
  stop: ["vosm", "dshmpltrf"],
  subscribe: ["vosm", "dshmpltrf"],
  status: ["vosm", "dshmpltrf"],
  "take-control": ["osm", "dshmpltrf"],
  renew: ["osm", "dshmpltrf"],
  "release-control": ["osm", "dshmpltrf"],
  instruct: ["osm", "shmplt"],
  pause: ["osm", "shmplt"],
  resume: ["osm", "shmplt"],
  replay: ["osm", "shmplt"],
  record: ["osm", "dshmpltrf"],
  home: ["osm", "shmplt"],
  teleop: ["osm", "shmplt"],
  "end-teleop": ["osm", "shmplt"],
  acknowledge: ["osm", "f"],
  recover: ["sm", "f"],
  "take-over": ["sm", "dshmpltrf"],
  "allow-unattended": ["sm", "dshmpltrf"],
};
const LETTER: Readonly<Record<Mode, string>> = {
  ...{ disconnected: "d", standby: "s", hold: "h", homing: "m", policy: "p", fault: "f" },
  ...{ align: "l", teleop: "t", recovery: "r" },
};

function expected(type: Type, role: Role, mode: Mode): string {
  const [roles, modes] = TABLE[type];
  if (!roles.includes(role.charAt(0))) {
    return "not-your-role";
  }
  return modes.includes(LETTER[mode]) ? "yes" : "not-in-mode";
}

const held = { lease: 1, sequence: 1 };
const MESSAGES: Readonly<Record<Type, object>> = {
  stop: { reason: "hand" },
  subscribe: { topics: [] },
  status: {},
  "take-control": {},
  renew: { ...held, seen: 0 },
  "release-control": held,
  instruct: { ...held, instruction: "x" },
  pause: held,
  resume: held,
  replay: { ...held, episode: "x.mcap" },
  record: { ...held, action: "begin", task: "x" },
  home: held,
  teleop: held,
  "end-teleop": held,
  acknowledge: { ...held, reason: "" },
  recover: held,
  "take-over": {},
  "allow-unattended": { allowed: false },
};
const TYPES = Object.keys(MESSAGES) as Type[];

describe("rights", () => {
  it("are as the table says for every message, role and mode", () => {
    assert.deepEqual(Object.keys(RIGHTS).sort(), [...TYPES, "authenticate"].sort());
    for (const type of TYPES) {
      for (const role of ROLES) {
        for (const mode of MODES) {
          assert.equal(mayAsk(type, role, mode), expected(type, role, mode), `${type} by ${role} in ${mode}`);
        }
      }
    }
  });
});

describe("rights over the wire", () => {
  let rig: Rig;
  before(async () => {
    rig = await startRig();
  });
  after(() => rig.close());

  /** What a message is answered: "yes" for anything but a refusal of rights. */
  async function answer(client: RawClient, message: object): Promise<string> {
    client.send(message);
    client.send({ type: "status", id: 9_000_000 });
    let code = "yes";
    for (;;) {
      const reply = client.received.shift();
      if (reply === undefined) {
        await new Promise((resolve) => client.socket.once("message", resolve));
      } else if (reply.type === "status" && reply.id === 9_000_000) {
        return code;
      } else if (reply.type === "refused" && (reply.code === "not-your-role" || reply.code === "not-in-mode")) {
        code = reply.code;
      }
    }
  }

  for (const role of ROLES) {
    it(`every message of a ${role} in every mode is let through or refused as the table says`, async () => {
      for (const mode of MODES) {
        const client = await rig.raw({ token: rig.tokens.make({ name: role, role, hours: 1 }).token });
        rig.backend.arm.next(calmReport({ mode }));
        for (const [id, type] of TYPES.entries()) {
          const code = await answer(client, { type, id, ...MESSAGES[type] });
          assert.equal(code, expected(type, role, mode), `${type} in ${mode}`);
        }
        client.socket.terminate();
      }
    });
  }

  it("the third request in a row that is not theirs ends the connection; an allowed one between forgives", async () => {
    const { token } = rig.tokens.make({ name: "Vic", role: "viewer", hours: 1 });
    const client = await rig.raw({ token });
    const home = { type: "home", id: 1, ...held };
    assert.equal((await client.ask(home)).code, "not-your-role");
    assert.equal((await client.ask(home)).code, "not-your-role");
    client.send({ type: "status", id: 2 });
    await client.next("status");
    assert.equal((await client.ask(home)).code, "not-your-role");
    assert.equal((await client.ask(home)).code, "not-your-role");
    assert.equal((await client.ask(home)).code, "not-your-role");
    assert.equal((await client.closed).code, 1008);
  });
});
