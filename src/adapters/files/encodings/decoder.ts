/** Decodes text of an encoding that the user names, which arrives in pieces. */
import { UndercurrentError } from "../../../errors/errors.js";
import { Utf16Decoder } from "./utf16.js";
import { Utf8Decoder } from "./utf8.js";

/** Decodes text that arrives in pieces. */
export interface TextPieceDecoder {
  push(piece: Uint8Array): string;
  /** The rest of the text. */
  end(): string;
}

/** Returns the name of an encoding as the WHATWG's Encoding Standard has it; undefined for a label of no encoding. */
export function encodingOf(label: string): string | undefined {
  try {
    return new TextDecoder(label).encoding;
  } catch {
    return undefined;
  }
}

/** Returns a decoder of an encoding. Bytes that are none of the encoding throw FILE_UNREADABLE; in UTF-8 the line is refused. */
export function decoderOf(label: string, file: string): TextPieceDecoder {
  const encoding = encodingOf(label);
  if (encoding === undefined) throw new TypeError(`${label} is no encoding`);
  switch (encoding) {
    case "utf-8":
      return new Utf8Decoder();
    case "utf-16le":
      return new Utf16Decoder("LE");
    case "utf-16be":
      return new Utf16Decoder("BE");
    case "windows-1252":
      return new Windows1252Decoder();
    default:
      return new OtherDecoder(encoding, file);
  }
}

/** Characters of the bytes 0x80 to 0x9f, where Windows-1252 is not Latin-1. Bytes of no character stay as they are. */
const ofHighControls =
  "\u20ac\u0081\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u008d\u017d\u008f" +
  "\u0090\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u009d\u017e\u0178";

/** Some releases of Node take Windows-1252 for Latin-1, so the difference has its own table. */
class Windows1252Decoder implements TextPieceDecoder {
  push(piece: Uint8Array): string {
    const text = Buffer.from(piece.buffer, piece.byteOffset, piece.length).toString("latin1");
    return text.replace(/[\x80-\x9f]/g, (control) => ofHighControls[control.charCodeAt(0) - 0x80]!);
  }

  end(): string {
    return "";
  }
}

class OtherDecoder implements TextPieceDecoder {
  readonly #decoder: InstanceType<typeof TextDecoder>;
  readonly #encoding: string;
  readonly #file: string;

  constructor(encoding: string, file: string) {
    this.#decoder = new TextDecoder(encoding, { fatal: true });
    this.#encoding = encoding;
    this.#file = file;
  }

  push(piece: Uint8Array): string {
    return this.#decode(piece, true);
  }

  end(): string {
    return this.#decode(new Uint8Array(0), false);
  }

  #decode(piece: Uint8Array, stream: boolean): string {
    try {
      return this.#decoder.decode(piece, { stream });
    } catch (cause) {
      const message = `${this.#file} is not ${this.#encoding}: name another encoding with --encoding`;
      throw new UndercurrentError("FILE_UNREADABLE", message, { cause });
    }
  }
}
