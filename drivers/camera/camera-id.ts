import { readFileSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { CameraSource } from "./options.js";

/**
 * What a camera is known by, wherever it is plugged in: vendor, product and serial number of its USB device, and the port
 * too where it has no serial number. null for a device that is not there; the address or path of what is no device.
 */
export function cameraId(source: CameraSource, sysfs = "/sys"): string | null {
  switch (source.kind) {
    case "url":
      return source.url;
    case "file":
      return source.path;
    case "device":
      return deviceId(typeof source.device === "number" ? `/dev/video${source.device}` : source.device, sysfs);
    default:
      return source satisfies never;
  }
}

function deviceId(device: string, sysfs: string): string | null {
  const node = real(device);
  // The video node's parent is an interface of the USB device.
  const usb = node === null ? null : real(join(sysfs, "class/video4linux", basename(node), "device"));
  if (node === null || usb === null) {
    return null;
  }
  const [vendor, product, serial] = ["idVendor", "idProduct", "serial"].map((name) => read(join(dirname(usb), name)));
  if (!vendor || !product) {
    return node;
  }
  return `usb:${vendor}:${product}:${serial || `port ${basename(dirname(usb))}`}`;
}

function real(path: string): string | null {
  try {
    return realpathSync(path);
  } catch {
    // It is not there.
    return null;
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    // The device does not tell it.
    return "";
  }
}
