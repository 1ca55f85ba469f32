import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { cameraId } from "../../drivers/camera/camera-id.js";

const root = mkdtempSync(join(tmpdir(), "kinevla-sysfs-"));
after(() => rmSync(root, { recursive: true }));

/** A USB device at a port with a video node, as sysfs and /dev show it. */
function plug(port: string, node: string, serial: string | null): string {
  const usb = join(root, "devices", port);
  mkdirSync(join(usb, `${port}:1.0`), { recursive: true });
  writeFileSync(join(usb, "idVendor"), "046d\n");
  writeFileSync(join(usb, "idProduct"), "0825\n");
  if (serial !== null) {
    writeFileSync(join(usb, "serial"), `${serial}\n`);
  }
  mkdirSync(join(root, "class/video4linux", node), { recursive: true });
  symlinkSync(join(usb, `${port}:1.0`), join(root, "class/video4linux", node, "device"));
  writeFileSync(join(root, node), "");
  const link = join(root, `by-id-${node}`);
  symlinkSync(join(root, node), link);
  return link;
}

describe("a camera's identity", () => {
  it("is its USB device's serial number, whatever its node is called", () => {
    const device = plug("1-2", "video0", "6F1D5A2F");
    assert.equal(cameraId({ kind: "device", device, fps: 30 }, root), "usb:046d:0825:6F1D5A2F");
  });
  it("is the port where the device has no serial number", () => {
    const device = plug("1-4.1", "video2", null);
    assert.equal(cameraId({ kind: "device", device, fps: 30 }, root), "usb:046d:0825:port 1-4.1");
  });
  it("is unknown for a device that is not there, and the address of what is no device", () => {
    assert.equal(cameraId({ kind: "device", device: join(root, "none"), fps: 30 }, root), null);
    assert.equal(cameraId({ kind: "url", url: "http://a/b" }, root), "http://a/b");
    assert.equal(cameraId({ kind: "file", path: "/a" }, root), "/a");
  });
});
