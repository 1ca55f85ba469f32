import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  type Admission,
  type Authority,
  admit,
  endLease,
  hasLapsed,
  nobodyInControl,
  renewLease,
  takeControl,
} from "../../daemon/operator/authority.js";

function admitted(admission: Admission): Extract<Admission, { kind: "admitted" }> {
  assert.equal(admission.kind, "admitted");
  return admission as Extract<Admission, { kind: "admitted" }>;
}

function codeOf(admission: Admission): string {
  return admission.kind === "refused" ? admission.code : "admitted";
}

test("one client at a time, and its holder is named", () => {
  const first = admitted(takeControl(nobodyInControl(10), 1, "Ada", 0));
  assert.equal(first.lease.number, 11);
  const second = takeControl(first.authority, 2, "Ben", 0.5);
  assert.deepEqual(second, { kind: "refused", code: "control-held", message: "Ada is in control" });
});

test("asking again gives the same lease", () => {
  const first = admitted(takeControl(nobodyInControl(0), 1, "Ada", 0));
  assert.equal(admitted(takeControl(first.authority, 1, "Ada", 0.5)).lease.number, first.lease.number);
});

test("a number of an ended lease is fenced off", () => {
  const first = admitted(takeControl(nobodyInControl(0), 1, "Ada", 0));
  const ended = endLease(first.authority);
  assert.equal(codeOf(admit(ended, 1, first.lease.number, 0)), "lease-lapsed");
  const second = admitted(takeControl(ended, 2, "Ben", 2));
  assert.equal(second.lease.number, first.lease.number + 1);
  assert.equal(codeOf(admit(second.authority, 1, first.lease.number, 1)), "no-control");
  assert.equal(codeOf(admit(second.authority, 2, first.lease.number, 1)), "lease-lapsed");
  assert.equal(codeOf(admit(second.authority, 1, second.lease.number, 1)), "no-control");
});

test("sequence numbers must grow", () => {
  const { authority, lease } = admitted(takeControl(nobodyInControl(0), 1, "Ada", 0));
  const after = admitted(admit(authority, 1, lease.number, 5)).authority;
  assert.equal(codeOf(admit(after, 1, lease.number, 5)), "out-of-order");
  assert.equal(codeOf(admit(after, 1, lease.number, 4)), "out-of-order");
  assert.equal(codeOf(admit(after, 1, lease.number, 6)), "admitted");
});

test("a lease lapses after a second without a beat, a message alone does not renew it", () => {
  const { authority, lease } = admitted(takeControl(nobodyInControl(0), 1, "Ada", 0));
  assert.equal(hasLapsed(authority, 1), false);
  assert.equal(hasLapsed(authority, 1.001), true);
  assert.equal(hasLapsed(admitted(admit(authority, 1, lease.number, 1)).authority, 1.001), true);
  assert.equal(hasLapsed(renewLease(authority, 0.9), 1.001), false);
  assert.equal(hasLapsed(endLease(authority), 99), false);
});

test("whatever happens, no two leases share a number and only the holder is admitted", () => {
  const step = fc.record({
    action: fc.constantFrom("take", "end", "admit", "renew"),
    client: fc.integer({ min: 1, max: 3 }),
    number: fc.integer({ min: 0, max: 6 }),
    sequence: fc.integer({ min: 0, max: 5 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      let authority: Authority = nobodyInControl(0);
      const owners = new Map<number, number>();
      let at = 0;
      for (const { action, client, number, sequence } of steps) {
        at += 0.1;
        const before = authority.lease;
        switch (action) {
          case "take": {
            const admission = takeControl(authority, client, `client ${client}`, at);
            if (admission.kind === "admitted") {
              assert.equal(owners.get(admission.lease.number) ?? client, client);
              owners.set(admission.lease.number, client);
              authority = admission.authority;
            } else {
              assert.notEqual(before?.client, client);
            }
            break;
          }
          case "admit": {
            const admission = admit(authority, client, number, sequence);
            const isHolder = before !== null && before.client === client && before.number === number;
            assert.equal(admission.kind === "admitted", isHolder && sequence > before.sequence);
            authority = admission.kind === "admitted" ? admission.authority : authority;
            break;
          }
          case "renew":
            authority = renewLease(authority, at);
            break;
          case "end":
            authority = endLease(authority);
            break;
        }
      }
    }),
    { numRuns: 500 },
  );
});
