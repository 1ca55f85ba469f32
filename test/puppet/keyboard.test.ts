import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { hostClock } from "../../daemon/ports/clock.js";
import { projectPath } from "../../daemon/ports/project-path.js";
import type { PuppetSample } from "../../daemon/types/puppet.js";
import { jointAt } from "../../daemon/types/units.js";
import { createPuppet } from "../../drivers/puppet/serial-puppet.js";
import { puppetOptionsFor, Recorder, until } from "./rig.js";

const DEGREE = Math.PI / 180;

describe("kinevla puppet --virtual, by its keyboard", () => {
  it("stands where it is told to, goes at a hand's pace where keys send it, and keeps the button that Enter pressed", async () => {
    const folder = mkdtempSync(join(tmpdir(), "keyboard-"));
    const path = join(folder, "leader");
    const cli = projectPath("dist", "daemon", "cli.js");
    // socat takes a comma as the end of its address.
    const command = `${process.execPath} ${cli} puppet --virtual --kind dynamixel-leader --path ${path} --at 0\\,10\\,0\\,75\\,0\\,95\\,0`;
    const terminal = spawn("socat", ["-", `EXEC:${command},pty,setsid,ctty,stderr,echo=0,sigint`], {
      stdio: ["pipe", "ignore", "inherit"],
    });
    const ended = once(terminal, "exit");
    const puppet = createPuppet(puppetOptionsFor("dynamixel-leader", path), hostClock);
    const recorder = new Recorder();
    const newest = (): PuppetSample | undefined => recorder.samples.at(-1);
    const j4 = (): number => jointAt(newest()?.angles ?? [0, 0, 0, 0, 0, 0, 0], 3) / DEGREE;
    try {
      await until(() => existsSync(path), "the virtual leader");
      await puppet.connect(recorder);
      await until(() => Math.abs(j4() - 75) < 0.1, "the pose of --at");
      const from = recorder.samples.length;
      terminal.stdin.write("R");
      await until(() => Math.abs(j4() - 80) < 0.1, "5 degrees by a key with shift");
      const row = recorder.samples.slice(from).map(({ angles }) => jointAt(angles, 3) / DEGREE);
      const steps = row.slice(1).map((angle, index) => Math.abs(angle - (row[index] ?? angle)));
      // OP-08 calls more than 8 degrees from one reading to the next a jump.
      assert.ok(Math.max(...steps) < 2, `a step of ${Math.max(...steps)} degrees`);
      terminal.stdin.write("\r");
      await until(() => newest()?.button === true, "the button is pressed");
      terminal.stdin.write("q");
      await until(
        () => Math.abs(jointAt(newest()?.angles ?? [0, 0, 0, 0, 0, 0, 0], 0) / DEGREE - 1) < 0.1,
        "J1 goes on",
      );
      assert.equal(newest()?.button, true);
      terminal.stdin.write("\r");
      await until(() => newest()?.button === false, "the button is let go");
    } finally {
      await puppet.close();
      terminal.stdin.write("\u0003");
      await ended;
      rmSync(folder, { recursive: true });
    }
  });
});
