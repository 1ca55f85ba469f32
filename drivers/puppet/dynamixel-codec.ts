// Packets of Dynamixel protocol 2.0 (ROBOTIS e-Manual, "DYNAMIXEL Protocol 2.0"): FF FF FD 00, id, length (2, little
// endian, of what follows it), instruction, parameters, CRC-16. A status packet has instruction 0x55 and an error byte first.

const HEAD = Buffer.from([0xff, 0xff, 0xfd, 0x00]);
const STATUS = 0x55;
/** Longest packet that is believed; status packets of the registers read here have 15 bytes. */
const MOST_LENGTH = 128;

const INSTRUCTION = { ping: 0x01, read: 0x02, syncRead: 0x82 } as const;
const BROADCAST = 0xfe;
/** Present position of the X series: int32, 4096 steps a turn, whole turns kept (e-Manual, XL330 control table). */
const PRESENT_POSITION = { address: 132, bytes: 4 } as const;
const STEP = (2 * Math.PI) / 4096;

/** What a device answers. */
export interface StatusPacket {
  readonly id: number;
  /** 0 is none; 1 to 7 as in `STATUS_ERRORS`. */
  readonly error: number;
  /** The device reports a hardware error (overload, voltage, heat); what it reads is right all the same. */
  readonly alert: boolean;
  readonly parameters: Uint8Array;
}

/** Meaning of a status packet's error number. */
export const STATUS_ERRORS: readonly string[] = [
  ...[
    "none",
    "the packet could not be processed",
    "unknown instruction",
    "checksum of the request",
    "value out of range",
  ],
  ...["wrong length", "value over its limit", "access refused"],
];

/** CRC-16, polynomial 0x8005, start 0, not reflected. */
export function dynamixelCrc(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) {
      crc = (crc & 0x8000) === 0 ? crc << 1 : ((crc << 1) ^ 0x8005) & 0xffff;
    }
  }
  return crc;
}

/** A whole packet; FF FF FD among instruction and parameters gets another FD (stuffing). */
export function encodePacket(id: number, instruction: number, parameters: Iterable<number>): Uint8Array {
  const body: number[] = [];
  for (const byte of [instruction, ...parameters]) {
    body.push(byte);
    if (endsLikeHead(body)) {
      body.push(0xfd);
    }
  }
  const length = body.length + 2;
  const bytes = Buffer.from([...HEAD, id, length & 0xff, length >> 8, ...body]);
  const crc = dynamixelCrc(bytes);
  return Buffer.concat([bytes, Buffer.from([crc & 0xff, crc >> 8])]);
}

/** Asks every device of the bus who it is. */
export const DYNAMIXEL_PING: Uint8Array = encodePacket(BROADCAST, INSTRUCTION.ping, []);

/** Asks all these devices for their present position at once; they answer in this order. */
export function encodeSyncReadPosition(ids: readonly number[]): Uint8Array {
  const { address, bytes } = PRESENT_POSITION;
  return encodePacket(BROADCAST, INSTRUCTION.syncRead, [address & 0xff, address >> 8, bytes, 0, ...ids]);
}

/** Asks one device for one byte of its control table. */
export function encodeReadByte(id: number, address: number): Uint8Array {
  return encodePacket(id, INSTRUCTION.read, [address & 0xff, address >> 8, 1, 0]);
}

/** What a device answers, as it sends it. */
export function encodeStatus(id: number, error: number, parameters: Iterable<number>): Uint8Array {
  return encodePacket(id, STATUS, [error, ...parameters]);
}

/** Four bytes of a present position, from rad. */
export function encodePosition(angle: number): Uint8Array {
  const bytes = Buffer.alloc(PRESENT_POSITION.bytes);
  bytes.writeInt32LE(Math.round(angle / STEP));
  return bytes;
}

/** The present position of a status packet in rad; null where it has another length. */
export function readPosition({ parameters }: StatusPacket): number | null {
  return parameters.length === PRESENT_POSITION.bytes ? Buffer.from(parameters).readInt32LE() * STEP : null;
}

/** A request as a device on the bus sees it. */
export type Request =
  | { readonly kind: "ping"; readonly id: number }
  | { readonly kind: "sync-read"; readonly ids: readonly number[] }
  | { readonly kind: "read"; readonly id: number; readonly address: number }
  | { readonly kind: "other" };

/** One packet of either direction. */
interface Packet {
  readonly id: number;
  readonly instruction: number;
  readonly parameters: Uint8Array;
}

/** Finds packets in bytes that arrive cut anywhere, with anything between them. */
export class DynamixelDecoder {
  #rest: Buffer = Buffer.alloc(0);
  #rejected = 0;

  /** Packets with the right head whose length or checksum was wrong. */
  get rejected(): number {
    return this.#rejected;
  }

  /** Status packets; requests, which a half-duplex bus echoes, are passed over. */
  pushStatus(bytes: Uint8Array, onStatus: (packet: StatusPacket) => void): void {
    this.#push(bytes, ({ id, instruction, parameters }) => {
      const [first] = parameters;
      if (instruction === STATUS && first !== undefined) {
        onStatus({ id, error: first & 0x7f, alert: (first & 0x80) !== 0, parameters: parameters.subarray(1) });
      }
    });
  }

  /** Requests, for whoever stands where the devices stand. */
  pushRequest(bytes: Uint8Array, onRequest: (request: Request) => void): void {
    this.#push(bytes, (packet) => onRequest(requestOf(packet)));
  }

  /** Forgets an unfinished packet. */
  clear(): void {
    this.#rest = Buffer.alloc(0);
  }

  #push(bytes: Uint8Array, onPacket: (packet: Packet) => void): void {
    let rest = this.#rest.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#rest, bytes]);
    for (;;) {
      const head = rest.indexOf(HEAD);
      if (head < 0) {
        rest = rest.subarray(Math.max(0, rest.length - HEAD.length + 1));
        break;
      }
      rest = rest.subarray(head);
      if (rest.length < 7) {
        break;
      }
      const length = rest.readUInt16LE(5);
      const whole = 7 + length;
      if (length < 3 || length > MOST_LENGTH) {
        this.#rejected++;
        rest = rest.subarray(1);
      } else if (rest.length < whole) {
        break;
      } else {
        const right = rest.readUInt16LE(whole - 2) === dynamixelCrc(rest.subarray(0, whole - 2));
        this.#rejected += right ? 0 : 1;
        if (right) {
          const [instruction = 0, ...parameters] = unstuff(rest.subarray(7, whole - 2));
          onPacket({ id: rest[4] ?? BROADCAST, instruction, parameters: Uint8Array.from(parameters) });
        }
        // A packet that lost bytes has the head of the next one inside: go on right after this head.
        rest = rest.subarray(right ? whole : 1);
      }
    }
    this.#rest = Buffer.from(rest);
  }
}

function requestOf({ id, instruction, parameters }: Packet): Request {
  const [low = 0, high = 0, , , ...ids] = parameters;
  switch (instruction) {
    case INSTRUCTION.ping:
      return { kind: "ping", id };
    case INSTRUCTION.syncRead:
      return { kind: "sync-read", ids };
    case INSTRUCTION.read:
      return { kind: "read", id, address: low | (high << 8) };
    default:
      return { kind: "other" };
  }
}

function unstuff(body: Uint8Array): readonly number[] {
  const plain: number[] = [];
  let stuffed = false;
  for (const byte of body) {
    if (stuffed && byte === 0xfd) {
      stuffed = false;
      continue;
    }
    plain.push(byte);
    stuffed = endsLikeHead(plain);
  }
  return plain;
}

function endsLikeHead(bytes: readonly number[]): boolean {
  return bytes.at(-1) === 0xfd && bytes.at(-2) === 0xff && bytes.at(-3) === 0xff;
}
