import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { armCheck } from "../../daemon/cli/doctor/arm-check.js";
import { cameraCheck } from "../../daemon/cli/doctor/cameras-check.js";
import { diskCheck } from "../../daemon/cli/doctor/disk-check.js";
import { policyCheck } from "../../daemon/cli/doctor/policy-check.js";
import { type Config, loadConfig } from "../../daemon/config/config.js";
import { OperatorStartError } from "../../daemon/operator/start-error.js";
import { writeSecret } from "../../daemon/operator/token.js";
import { projectPath } from "../../daemon/ports/project-path.js";
import { startMjpegServer, testPictures } from "../camera/mjpeg-server.js";
import { makeNanoBundle } from "../models/nano-bundle.js";
import { tcpRig } from "../rm75/rig.js";

const folder = mkdtempSync(join(tmpdir(), "kinevla-doctor-devices-"));
after(() => rmSync(folder, { recursive: true }));

/** The lab's configuration with a run directory of its own. */
const lab: Config = {
  ...loadConfig(projectPath("daemon", "config", "lab.yaml")),
  run_directory: folder,
  armSocket: join(folder, "arm.sock"),
};

describe("doctor: the arm's state push", () => {
  it("arrives, does not arrive, has no such address here, or has its port taken", async () => {
    const rig = await tcpRig();
    const { port } = rig.controller.address;
    const check = (host: string, pushPort: number) =>
      armCheck({
        ...lab,
        arm: {
          ...lab.arm,
          link: { kind: "tcp", host: "127.0.0.1", port },
          push: { host, port: pushPort, period_ms: 5 },
        },
      }).run();
    const other = createSocket("udp4");
    other.bind(0, "127.0.0.1");
    await once(other, "listening");
    try {
      const fine = await check("127.0.0.1", 0);
      assert.equal(fine.ok, true, fine.detail);
      rig.controller.inject({ kind: "drop-udp", count: null });
      const silent = await check("127.0.0.1", 0);
      assert.equal(silent.ok, false);
      assert.match(silent.detail, /no state arrives from the arm; is 127\.0\.0\.1 this host's address/);
      // A documentation address (RFC 5737): no machine has it.
      const foreign = await check("192.0.2.1", 0);
      assert.match(foreign.detail, /UDP port 0 of 192\.0\.2\.1 cannot be opened: .*EADDRNOTAVAIL/);
      assert.match(foreign.hint, /the host's network address/);
      const taken = await check("127.0.0.1", other.address().port);
      assert.match(taken.detail, /EADDRINUSE/);
      assert.match(taken.hint, /Another program uses this port/);
    } finally {
      other.close();
      await rig.close();
    }
  });
});

describe("doctor: the policy", () => {
  const check = (bundle: string) =>
    policyCheck({ ...lab, policy: { ...lab.policy, bundle, provider: "cpu", load_deadline_ms: 120_000 } }).run();

  it("is fast enough, or too slow for its own rate, with both times", async () => {
    const calm = await makeNanoBundle();
    // Five steps of 2 us each: no machine infers in three fifths of that.
    const hasty = await makeNanoBundle({
      manifest: (manifest) => ({ ...manifest, chunk: { ...manifest.chunk, period: 2e-6 } }),
    });
    try {
      const fine = await check(calm.folder);
      assert.equal(fine.ok, true, fine.detail);
      assert.match(fine.detail, /nano on cpu, \d+ ms a chunk \(p95\) of 500 ms/);
      const slow = await check(hasty.folder);
      assert.equal(slow.ok, false);
      assert.match(slow.detail, /the policy takes \d+ ms a chunk and may take 0 ms; use a faster machine/);
    } finally {
      await calm.remove();
      await hasty.remove();
    }
  });
});

describe("a full disk", () => {
  // Only root may mount; whoever else runs this sees the same findings from a disk that is too small for anyone.
  const disk = join(folder, "disk");
  mkdirSync(disk);
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=32k", "none", disk]).status === 0;
  after(() => mounted && spawnSync("umount", [disk]));
  if (mounted) {
    // Every page but none is left: even an empty token file finds no room for its text.
    assert.throws(() => writeFileSync(join(disk, "ballast"), Buffer.alloc(64 * 1024)), /ENOSPC/);
  }

  it("doctor names the disk and how much has to be free", async () => {
    const finding = await diskCheck(disk, mounted ? undefined : Number.MAX_SAFE_INTEGER).run();
    assert.equal(finding.ok, false);
    assert.match(finding.detail, mounted ? /^0\.0 GiB free at .*disk$/ : /free at .*disk$/);
    assert.match(finding.hint, /Free at least .*remove old recordings or logs/);
  });

  it("the operator's token is refused with the reason, and no half token stays", () => {
    const file = mounted ? join(disk, "operator.token") : join("/proc", "operator.token");
    assert.throws(
      () => writeSecret(file, "token\n"),
      (error) =>
        error instanceof OperatorStartError &&
        (!mounted || error.message.includes("(ENOSPC)")) &&
        error.hint.startsWith("Make room on its disk"),
    );
    assert.equal(existsSync(file), false);
  });

  it("doctor says that a camera is well and that its picture cannot be saved", async () => {
    const server = await startMjpegServer(testPictures(64, 48));
    const camera = { url: server.url, width: 64, height: 48 };
    const run = mounted ? disk : join("/proc", "kinevla");
    try {
      const finding = await cameraCheck(
        { ...lab, run_directory: run, cameras: { front: camera, wrist: camera } },
        "front",
      ).run();
      assert.equal(finding.ok, false);
      assert.match(finding.detail, /^64 x 48, \d+ a second, but its picture cannot be saved: /);
      assert.match(finding.hint, /Make room there/);
    } finally {
      await server.close();
    }
  });
});
