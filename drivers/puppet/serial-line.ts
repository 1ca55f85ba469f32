import { DriverError, type DriverErrorCode } from "../../daemon/types/driver-error.js";

/** A byte stream to a leader. */
export interface SerialLine {
  write(bytes: Uint8Array): void;
  close(): Promise<void>;
}

/** Told what comes, and once when the port is gone. */
export interface LineListener {
  onBytes(bytes: Uint8Array): void;
  onGone(reason: string): void;
}

/** Opens a port 8N1 for this process alone; throws DriverError `puppet-absent`, `puppet-busy` or `no-permission`. */
export async function openSerialLine(path: string, baudRate: number, listener: LineListener): Promise<SerialLine> {
  // Loaded only where a port is opened: a native addon.
  const { SerialPort } = await import("serialport");
  const port = new SerialPort({
    path,
    baudRate,
    dataBits: 8,
    parity: "none",
    stopBits: 1,
    autoOpen: false,
    lock: true,
  });
  await new Promise<void>((resolve, reject) => {
    port.open((error) => {
      if (error === null) {
        resolve();
      } else {
        const words = `the leader arm's port ${path} does not open: ${error.message}`;
        reject(new DriverError(codeOf(error), words, { path, baudRate }, error));
      }
    });
  });
  let open = true;
  // 'close' may come twice after a hang-up (serialport 13).
  const gone = (cause?: Error | null): void => {
    if (open) {
      open = false;
      listener.onGone(cause?.message ?? "the port is gone");
      if (port.isOpen) {
        port.close();
      }
    }
  };
  port.on("data", (bytes: Buffer) => {
    if (open) {
      listener.onBytes(bytes);
    }
  });
  port.on("error", gone);
  port.on("close", gone);
  return {
    write: (bytes) => {
      if (open && port.isOpen) {
        port.write(Buffer.from(bytes));
      }
    },
    close: () => {
      open = false;
      return new Promise((resolve) => {
        if (port.isOpen) {
          port.close(() => resolve());
        } else {
          resolve();
        }
      });
    },
  };
}

/** serialport tells the reason only in its message. */
function codeOf({ message }: Error): DriverErrorCode {
  if (/lock|busy|temporarily unavailable/i.test(message)) {
    return "puppet-busy";
  }
  return /permission|EACCES/i.test(message) ? "no-permission" : "puppet-absent";
}
