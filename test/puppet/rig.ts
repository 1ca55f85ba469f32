import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hostClock } from "../../daemon/ports/clock.js";
import type { PuppetListener } from "../../daemon/ports/puppet.js";
import type { DriverError } from "../../daemon/types/driver-error.js";
import type { PuppetKind, PuppetSample } from "../../daemon/types/puppet.js";
import { createPuppet, type PuppetOptions } from "../../drivers/puppet/serial-puppet.js";
import {
  VIRTUAL_BUTTON,
  VirtualLeader,
  type VirtualLeaderOptions,
} from "../../drivers/virtual-lab/puppet/virtual-leader.js";

/** Keeps what a puppet says. */
export class Recorder implements PuppetListener {
  readonly samples: PuppetSample[] = [];
  readonly lost: DriverError[] = [];

  onSample(sample: PuppetSample): void {
    this.samples.push(sample);
  }

  onLost(error: DriverError): void {
    this.lost.push(error);
  }
}

/** A driver and the virtual leader that it reads, not yet connected. */
export async function puppetRig(kind: PuppetKind, virtual: Partial<VirtualLeaderOptions> = {}) {
  const folder = mkdtempSync(join(tmpdir(), "puppet-"));
  const leader = new VirtualLeader({ kind, path: join(folder, "leader"), ...virtual });
  await leader.plug();
  const options = puppetOptionsFor(kind, leader.path);
  const puppet = createPuppet(options, hostClock);
  return {
    ...{ folder, leader, puppet, options, recorder: new Recorder() },
    close: async (): Promise<void> => {
      await puppet.close();
      await leader.unplug();
      rmSync(folder, { recursive: true });
    },
  };
}

/** How to read a virtual leader of this kind. */
export function puppetOptionsFor(kind: PuppetKind, path: string): PuppetOptions {
  return kind === "realman-leader"
    ? { kind, path, baud: 460_800 }
    : { kind, path, baud: 1_000_000, jointIds: [1, 2, 3, 4, 5, 6, 7], gripperId: 8, button: VIRTUAL_BUTTON };
}

/** Waits until `condition` holds; throws after 8 s. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 8000;
  while (!condition()) {
    if (Date.now() > deadline) {
      throw new Error(`never happened: ${what}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
