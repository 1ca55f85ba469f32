import { open } from "node:fs/promises";

const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const DT_NEEDED = 1n;
const DT_STRTAB = 5n;

/** The libraries that a 64-bit little-endian ELF library asks the loader for (its DT_NEEDED entries). */
export async function neededLibraries(path: string): Promise<readonly string[]> {
  const file = await open(path, "r");
  const read = async (offset: bigint, length: number): Promise<Buffer> => {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, Number(offset));
    return buffer.subarray(0, bytesRead);
  };
  try {
    const header = await read(0n, 64);
    if (header.length < 64 || header.readUInt32BE(0) !== 0x7f454c46 || header[4] !== 2 || header[5] !== 1) {
      throw new TypeError(`${path} is not a 64-bit little-endian ELF file`);
    }
    const entrySize = header.readUInt16LE(54);
    const table = await read(header.readBigUInt64LE(32), entrySize * header.readUInt16LE(56));
    const segments = Array.from({ length: table.length / entrySize }, (_, index) => {
      const entry = table.subarray(index * entrySize);
      return {
        type: entry.readUInt32LE(0),
        offset: entry.readBigUInt64LE(8),
        address: entry.readBigUInt64LE(16),
        size: entry.readBigUInt64LE(32),
      };
    });
    const dynamic = segments.find((segment) => segment.type === PT_DYNAMIC);
    if (dynamic === undefined) {
      return [];
    }
    const entries = await read(dynamic.offset, Number(dynamic.size));
    const names: bigint[] = [];
    let strings = 0n;
    for (let at = 0; at + 16 <= entries.length; at += 16) {
      const tag = entries.readBigUInt64LE(at);
      const value = entries.readBigUInt64LE(at + 8);
      if (tag === DT_NEEDED) {
        names.push(value);
      } else if (tag === DT_STRTAB) {
        strings = value;
      }
    }
    const home = segments.find(
      ({ type, address, size }) => type === PT_LOAD && strings >= address && strings < address + size,
    );
    const base = home === undefined ? strings : strings - home.address + home.offset;
    // 256 is the longest file name that Linux has.
    const texts = await Promise.all(names.map((name) => read(base + name, 256)));
    return texts.map((text) => text.subarray(0, text.indexOf(0)).toString());
  } finally {
    await file.close();
  }
}
