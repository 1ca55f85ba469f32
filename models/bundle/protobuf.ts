/** Bytes that are no message of protocol buffers. */
export class ProtobufError extends Error {
  override readonly name = "ProtobufError";
}

/** One field of a message: a number for varints, the bytes inside for what has a length, null for fixed sizes. */
export interface Field {
  readonly number: number;
  readonly value: number | Uint8Array | null;
}

/** The fields of a message in their order, one after the other; throws ProtobufError where they end being any. */
export function* fieldsOf(bytes: Uint8Array): Generator<Field> {
  const reader = new Reader(bytes);
  while (!reader.atEnd) {
    yield reader.next();
  }
}

const VARINT = 0;
const FIXED_64 = 1;
const LENGTH = 2;
const FIXED_32 = 5;
/** A varint of 64 bits. */
const LONGEST_VARINT = 10;

class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get atEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  next(): Field {
    const key = this.#varint();
    const number = Math.floor(key / 8);
    if (number === 0 || key > 0xffff_ffff) {
      throw new ProtobufError(`a field has the number ${number}`);
    }
    const kind = key % 8;
    switch (kind) {
      case VARINT:
        return { number, value: this.#varint() };
      case LENGTH:
        return { number, value: this.#take(this.#varint()) };
      case FIXED_64:
        this.#take(8);
        return { number, value: null };
      case FIXED_32:
        this.#take(4);
        return { number, value: null };
      default:
        // Groups, which nothing here has.
        throw new ProtobufError(`field ${number} is of kind ${kind}`);
    }
  }

  #take(length: number): Uint8Array {
    if (length > this.#bytes.length - this.#at) {
      throw new ProtobufError(`a field of ${length} bytes where ${this.#bytes.length - this.#at} are left`);
    }
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  /** Exact up to 2^53; lengths and keys beyond that are too large anyway. */
  #varint(): number {
    let value = 0;
    for (let place = 0; place < LONGEST_VARINT; place += 1) {
      const byte = this.#bytes[this.#at];
      if (byte === undefined) {
        throw new ProtobufError("ends inside a number");
      }
      this.#at += 1;
      value += (byte & 0x7f) * 2 ** (7 * place);
      if (byte < 0x80) {
        return value;
      }
    }
    throw new ProtobufError("a number of more than 64 bits");
  }
}
