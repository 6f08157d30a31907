/** The checksum of record batches. */
import { checksumOf } from "../../../forecast/encoding/checksum.js";

/** Returns CRC-32C (RFC 3720, appendix B.4) of the bytes from `start` on, as a signed 32-bit integer. */
export const crc32c = checksumOf(0x82f63b78);
