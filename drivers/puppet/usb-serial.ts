import { readFileSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** The serial number of the USB adapter behind a port, or the port's own name where it has none. Of sysfs: udevadm may be missing. */
export function adapterSerial(path: string): string {
  const device = orNull(() => realpathSync(join("/sys/class/tty", basename(realpathSync(path)), "device")));
  for (let folder = device; folder !== null && folder !== "/" && folder !== "/sys"; folder = dirname(folder)) {
    const at = folder;
    const serial = orNull(() => readFileSync(join(at, "serial"), "utf8").trim());
    if (serial !== null && serial !== "") {
      return serial;
    }
  }
  return basename(path);
}

/** Null where there is no such file, which is an answer here. */
function orNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}
