import assert from "node:assert/strict";
import { test } from "node:test";
import { watchUnattended } from "../../daemon/operator/unattended.js";

test("an arm that stays powered with nobody in control is told of once, after a quarter of an hour", () => {
  const watch = watchUnattended();
  assert.equal(watch("standby", false, 0), false);
  assert.equal(watch("standby", false, 900), false);
  assert.equal(watch("standby", false, 901), true);
  assert.equal(watch("standby", false, 5000), false);
});

test("control, or an arm that is not there, begins the time anew", () => {
  const watch = watchUnattended();
  watch("standby", false, 0);
  watch("standby", true, 800);
  assert.equal(watch("standby", false, 1000), false);
  assert.equal(watch("standby", false, 1890), false);
  assert.equal(watch("disconnected", false, 1895), false);
  assert.equal(watch("hold", false, 1900), false);
  assert.equal(watch("hold", false, 2801), true);
});
