import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { projectPath } from "../../daemon/ports/project-path.js";

// A copy of the set-up alone, and a PATH with nothing but the commands written here: nothing can be installed.
const folder = mkdtempSync(join(tmpdir(), "kinevla-set-up-"));
after(() => rmSync(folder, { recursive: true }));
mkdirSync(join(folder, "systemd"));
copyFileSync(projectPath("systemd", "setup.mjs"), join(folder, "systemd", "setup.mjs"));
chmodSync(folder, 0o755);

/** Runs the set-up as somebody who is not root, where these commands are all there is. */
function setUp(name: string, commands: Readonly<Record<string, string>>): { status: number | null; stderr: string } {
  const path = join(folder, name);
  mkdirSync(path);
  for (const [command, script] of Object.entries({ "dpkg-query": '[ "$1" = --version ]', ...commands })) {
    writeFileSync(join(path, command), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
  symlinkSync("/usr/bin/env", join(path, "env"));
  const node = [process.execPath, join(folder, "systemd", "setup.mjs")];
  const command =
    process.getuid?.() === 0 ? ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"] : ["env"];
  const [first = "", ...rest] = [...command, "/usr/bin/env", "-i", `PATH=${path}`, `HOME=${path}`, ...node];
  const { status, stderr } = spawnSync(first, rest, { encoding: "utf8", cwd: folder });
  return { status, stderr };
}

describe("set-up on a machine without the system packages", () => {
  it("says what root has to run where there is no sudo", () => {
    const { status, stderr } = setUp("no-sudo", {});
    assert.equal(status, 1);
    assert.match(stderr, /libopencv-dev: OpenCV, which opens the cameras/);
    assert.match(stderr, /there is no sudo here\. Run this once as root.*\n {2}apt-get install -y .*libopencv-dev/);
  });

  it("says what an administrator has to run where sudo refuses", () => {
    const { status, stderr } = setUp("refused", { sudo: "exit 1" });
    assert.equal(status, 1);
    assert.match(stderr, /sudo was refused.*\n {2}sudo apt-get install -y .*libopencv-dev/);
  });

  it("tells what apt said and what to look at when it fails", () => {
    const { status, stderr } = setUp("offline", {
      sudo: '[ "$1" = -n ] || exec "$@"',
      "apt-get": "echo 'Temporary failure resolving'; exit 100",
    });
    assert.equal(status, 1);
    assert.match(
      stderr,
      /Reading the package lists failed with code 100 .*\nTemporary failure resolving\nIs the network/,
    );
    assert.doesNotMatch(stderr, /^\s+at /m);
  });
});

describe("the command line in a clone where nothing is built", () => {
  it("says what to do, and shows no trace of a missing module", () => {
    copyFileSync(projectPath("systemd", "kinevla.mjs"), join(folder, "systemd", "kinevla.mjs"));
    const { status, stderr } = spawnSync(process.execPath, [join(folder, "systemd", "kinevla.mjs"), "doctor"], {
      encoding: "utf8",
    });
    assert.equal(status, 7);
    assert.match(stderr, /not built yet\n {2}Run `npm start` once/);
    assert.doesNotMatch(stderr, /^\s+at /m);
  });
});
