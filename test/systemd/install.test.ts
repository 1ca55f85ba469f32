import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { after, before, describe, it } from "node:test";
import { projectPath } from "../../daemon/ports/project-path.js";

const folder = mkdtempSync(join(tmpdir(), "kinevla-services-"));
after(() => rmSync(folder, { recursive: true }));

const UNITS = [
  "kinevla-guardian.service",
  "kinevla-arm.service",
  "kinevla-puppet.service",
  "kinevla-daemon.service",
] as const;

interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the program for a machine whose files stand under `root`, and whose project is in /opt/kinevla. */
function service(root: string, command: string, ...options: readonly string[]): Ran {
  const place = ["--root", root, "--project", "/opt/kinevla", "--node", "/usr/bin/node"];
  const args = [projectPath("dist", "daemon", "cli.js"), "service", command, ...place, ...options];
  return spawnSync(process.execPath, args, { encoding: "utf8" });
}

function installed(name: string): string {
  const root = join(folder, name);
  const { status, stderr } = service(root, "install");
  assert.equal(status, 0, stderr);
  return root;
}

/** Every file and link under a folder with its text, where it is a file. */
function tree(root: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(root, { withFileTypes: true, recursive: true })
      .filter((entry) => !entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .map((file) => [relative(root, file), existsSync(file) ? readFileSync(file, "utf8") : "link"]),
  );
}

/** Files that systemd-sysusers keeps the users in. */
const USERS = /^etc\/(\.pwd\.lock|passwd|group|shadow|gshadow)$/;

describe("kinevla service", () => {
  it("--dry-run shows every file and command and touches nothing", () => {
    const root = join(folder, "dry");
    mkdirSync(root);
    const { status, stdout } = service(root, "install", "--dry-run");
    assert.equal(status, 0);
    assert.deepEqual(readdirSync(root), []);
    assert.match(stdout, /write: \/etc\/systemd\/system\/kinevla-arm\.service\n {4}\[Unit\]/);
    assert.match(stdout, /write: \/etc\/kinevla\/operator\.token\n {4}\(a secret\)/);
    assert.match(stdout, /run: systemctl --root=.* enable kinevla\.target/);
    assert.match(stdout, /Nothing was changed/);
  });

  it("installs the same twice, keeps what is the owner's, and follows the configuration", () => {
    const root = installed("twice");
    const first = tree(root);
    assert.equal(statSync(join(root, "etc/kinevla/operator.token")).mode & 0o777, 0o600);
    assert.match(first["etc/passwd"] ?? "", /^kinevla:.*nologin/m);
    assert.equal(service(root, "install").status, 0);
    assert.deepEqual(tree(root), first);
    const config = join(root, "etc/kinevla/kinevla.yaml");
    writeFileSync(config, readFileSync(config, "utf8").replace("192.168.1.18", "10.0.0.7").replace("cuda", "cpu"));
    const before = service(root, "status");
    assert.equal(before.status, 7);
    assert.match(before.stdout, /differs {4}\/etc\/systemd\/system\/kinevla-arm\.service\.d\/cell\.conf/);
    assert.equal(service(root, "install").status, 0);
    const second = tree(root);
    assert.match(second["etc/systemd/system/kinevla-arm.service.d/cell.conf"] ?? "", /IPAddressAllow=10\.0\.0\.7\n/);
    assert.equal(second["etc/systemd/system/kinevla-daemon.service.d/cell.conf"], undefined, "no card, no exception");
    assert.equal(second["etc/kinevla/operator.token"], first["etc/kinevla/operator.token"]);
    assert.match(second["etc/kinevla/kinevla.yaml"] ?? "", /10\.0\.0\.7/);
    assert.equal(service(root, "status").status, 0);
  });

  it("uninstall removes exactly what was installed, and nothing that was changed", () => {
    const root = join(folder, "gone");
    mkdirSync(join(root, "etc/systemd/system"), { recursive: true });
    writeFileSync(join(root, "etc/systemd/system/other.service"), "[Service]\n");
    mkdirSync(join(root, "var/lib/kinevla/recordings"), { recursive: true });
    writeFileSync(join(root, "var/lib/kinevla/recordings/0001.mcap"), "episode");
    assert.equal(service(root, "install").status, 0);
    writeFileSync(join(root, "etc/systemd/journald@kinevla.conf"), "[Journal]\n# ours\n");
    const { status, stdout } = service(root, "uninstall");
    assert.equal(status, 0);
    assert.match(stdout, /keep, it was changed: \/etc\/systemd\/journald@kinevla\.conf/);
    assert.deepEqual(
      Object.keys(tree(root)).filter((file) => !USERS.test(file)),
      [
        "etc/kinevla/kinevla.yaml",
        "etc/kinevla/limits-rm75b.yaml",
        "etc/kinevla/operator.token",
        "etc/systemd/journald@kinevla.conf",
        "etc/systemd/system/other.service",
        "var/lib/kinevla/recordings/0001.mcap",
      ],
    );
    const again = service(root, "uninstall");
    assert.equal(again.status, 4);
    assert.match(again.stderr, /Nothing is installed/);
  });

  it("refuses a place that services cannot see, and names instead of addresses", () => {
    const root = join(folder, "refused");
    const { status, stderr } = service(root, "install", "--project", "/home/ada/kinevla");
    assert.equal(status, 4);
    assert.match(stderr, /cannot see \/home\/ada\/kinevla/);
    mkdirSync(join(root, "etc/kinevla"), { recursive: true });
    const text = readFileSync(projectPath("daemon", "config", "real-arm.yaml"), "utf8");
    writeFileSync(join(root, "etc/kinevla/kinevla.yaml"), text.replace("192.168.1.18", "arm.local"));
    const named = service(root, "install");
    assert.equal(named.status, 2);
    assert.match(named.stderr, /arm\.link\.host: arm\.local is a name/);
    writeFileSync(join(root, "etc/kinevla/kinevla.yaml"), "arm: {}\n");
    assert.match(service(root, "install").stderr, /kinevla\.yaml:1: arm\.link: /);
  });
});

describe("the units as systemd sees them", () => {
  let root = "";
  before(() => {
    root = installed("seen");
    // What a machine has besides: the program's Node and the system's own units.
    mkdirSync(join(root, "usr/bin"), { recursive: true });
    writeFileSync(join(root, "usr/bin/node"), "#!/bin/sh\n", { mode: 0o755 });
    const system = ["/usr/lib/systemd/system", "/lib/systemd/system"].find(existsSync) ?? "";
    cpSync(system, join(root, "usr/lib/systemd/system"), { recursive: true, verbatimSymlinks: true });
  });

  const analyze = (...args: readonly string[]): Ran =>
    spawnSync("systemd-analyze", [`--root=${root}`, "--no-pager", ...args], { encoding: "utf8" });

  it("verify finds nothing to complain about", () => {
    const { status, stdout, stderr } = analyze("verify", "--man=no", "kinevla.target", ...UNITS);
    assert.equal(`${stdout}${stderr}`, "");
    assert.equal(status, 0);
  });

  for (const unit of UNITS) {
    it(`${unit} is exposed to at most 1.5 of 10`, () => {
      const { status, stdout, stderr } = analyze("security", "--offline=true", "--threshold=15", unit);
      assert.equal(status, 0, `${stdout}${stderr}`);
      assert.match(stdout, /Overall exposure level for .*: 1\.[0-5] OK/);
    });
  }

  for (const unit of UNITS) {
    it(`HO-13: ${unit} stays down after four crashes in five minutes, and is watched`, () => {
      const text = readFileSync(join(root, "etc/systemd/system", unit), "utf8");
      assert.match(text, /^StartLimitIntervalSec=300$/m);
      assert.match(text, /^StartLimitBurst=4$/m);
      assert.match(text, /^Type=notify$/m);
      assert.match(text, /^WatchdogSec=\d+s$/m);
    });
  }

  it("HO-13: wrong configuration is not tried again", () => {
    for (const unit of UNITS) {
      assert.match(readFileSync(join(root, "etc/systemd/system", unit), "utf8"), /^RestartPreventExitStatus=78$/m);
    }
  });
});

describe("the udev rules", () => {
  const lines = readFileSync(projectPath("systemd", "70-kinevla.rules"), "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));

  it("are keys, operators and quoted values", () => {
    const token = /^(ACTION|SUBSYSTEMS?|DRIVER|GROUP|MODE|SYMLINK|TEST|(ATTR|ENV)\{[^}]+\})(==|!=|\+=|=)"[^"]*"$/;
    for (const line of lines) {
      for (const part of line.split(/, (?=[A-Z])/)) {
        assert.match(part, token, line);
      }
    }
  });

  it("give devices to groups that the services are in, and to nobody else", () => {
    const groups = [...lines.join("\n").matchAll(/GROUP="([^"]+)"/g)].map((match) => match[1]);
    assert.deepEqual([...new Set(groups)].sort(), ["dialout", "video"]);
    assert.doesNotMatch(lines.join("\n"), /MODE="0666"/);
  });
});
