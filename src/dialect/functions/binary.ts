import { createHash, createHmac } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { type Definition, FunctionError, scalar } from '../registry.ts'

/** The most bytes that lpad and rpad fill up to. */
const padLimit = 100_000
const mask64 = 2n ** 64n - 1n

// ---- parts

function slice(bytes: Uint8Array, start: bigint, length?: bigint): Uint8Array {
  const size = BigInt(bytes.length)
  if (start === 0n || start > size || start < -size || (length !== undefined && length <= 0n))
    return new Uint8Array()
  const from = Number(start > 0n ? start - 1n : size + start)
  return bytes.subarray(from, length === undefined || length > size ? undefined : from + Number(length))
}

function pad(bytes: Uint8Array, length: bigint, filling: Uint8Array, isLeft: boolean): Uint8Array {
  if (length < 0n || length > 2_147_483_647n)
    throw new FunctionError('Target length must be in the range [0..2147483647]')
  if (filling.length === 0) throw new FunctionError('Padding bytes must not be empty')
  const wanted = Number(length)
  if (wanted <= bytes.length) return bytes.subarray(0, wanted)
  if (wanted > padLimit)
    throw new FunctionError(`${isLeft ? 'lpad' : 'rpad'}: fills up to ${padLimit} bytes at most here`)
  const added = Buffer.alloc(wanted - bytes.length, filling)
  return isLeft ? Buffer.concat([added, bytes]) : Buffer.concat([bytes, added])
}

// ---- digits

function fromHex(text: string): Uint8Array {
  if (text.length % 2 === 1) throw new FunctionError('from_hex: the number of digits is odd')
  if (!/^[0-9a-fA-F]*$/.test(text)) throw new FunctionError('from_hex: a character is no hexadecimal digit')
  return Buffer.from(text, 'hex')
}

/** As Java's decoder reads it: padding may be left out, but not half of it. */
function fromBase64(text: string, name: string, letters: RegExp): Uint8Array {
  const [, body = '', padding = ''] = /^([^=]*)(=*)$/s.exec(text) ?? []
  const rest = body.length % 4
  const isWhole = padding === '' || (rest > 1 && rest + padding.length === 4)
  if (!letters.test(body) || (text !== '' && body === '') || rest === 1 || !isWhole)
    throw new FunctionError(`${name}: the text is no Base64 of its kind`)
  return Buffer.from(body, 'base64')
}

const base32Letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

function toBase32(bytes: Uint8Array): string {
  let result = ''
  let bits = 0
  let held = 0
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xfff
    bits += 8
    while (bits >= 5) {
      bits -= 5
      result += base32Letters[(held >> bits) & 31]
    }
  }
  if (bits > 0) result += base32Letters[(held << (5 - bits)) & 31]
  return result.padEnd(Math.ceil(result.length / 8) * 8, '=')
}

function fromBase32(text: string): Uint8Array {
  const body = text.replace(/=+$/, '')
  if ([1, 3, 6].includes(body.length % 8)) throw new FunctionError('from_base32: no Base32 is so long')
  const bytes: number[] = []
  let bits = 0
  let held = 0
  for (const letter of body) {
    const value = base32Letters.indexOf(letter)
    if (value < 0) throw new FunctionError('from_base32: a character is none of Base32')
    held = ((held << 5) | value) & 0xfff
    bits += 5
    if (bits < 8) continue
    bits -= 8
    bytes.push((held >> bits) & 255)
  }
  return Uint8Array.from(bytes)
}

function checkRadix(radix: bigint): number {
  if (radix < 2n || radix > 36n) throw new FunctionError('Radix must be between 2 and 36')
  return Number(radix)
}

function fromBase(text: string, radix: bigint): bigint {
  const base = checkRadix(radix)
  const notNumber = () => new FunctionError('not a number of the given base')
  const [, sign, digits = ''] = /^([-+]?)([0-9a-zA-Z]{1,80})$/.exec(text) ?? []
  let value = 0n
  if (digits === '') throw notNumber()
  for (const letter of digits) {
    const digit = Number.parseInt(letter, 36)
    if (digit >= base) throw notNumber()
    value = value * radix + BigInt(digit)
  }
  const signed = sign === '-' ? -value : value
  if (signed !== BigInt.asIntN(64, signed)) throw notNumber()
  return signed
}

// ---- hashes

const rotate = (value: bigint, by: bigint) => ((value << by) | (value >> (64n - by))) & mask64
const times = (a: bigint, b: bigint) => (a * b) & mask64

const [p1, p2, p3, p4, p5]: readonly [bigint, bigint, bigint, bigint, bigint] = [
  0x9e3779b185ebca87n,
  0xc2b2ae3d27d4eb4fn,
  0x165667b19e3779f9n,
  0x85ebca77c2b2ae63n,
  0x27d4eb2f165667c5n,
]

/** XXH64 with seed 0 (https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md). */
function xxhash64(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const round = (sum: bigint, input: bigint) => times(rotate((sum + times(input, p2)) & mask64, 31n), p1)
  let at = 0
  let hash = p5
  if (bytes.length >= 32) {
    let lanes = [(p1 + p2) & mask64, p2, 0n, -p1 & mask64]
    for (; at + 32 <= bytes.length; at += 32) {
      const start = at
      lanes = lanes.map((lane, index) => round(lane, view.getBigUint64(start + 8 * index, true)))
    }
    hash =
      lanes.reduce((sum, lane, index) => sum + rotate(lane, [1n, 7n, 12n, 18n][index] ?? 0n), 0n) & mask64
    for (const lane of lanes) hash = (times(hash ^ round(0n, lane), p1) + p4) & mask64
  }
  hash = (hash + BigInt(bytes.length)) & mask64
  for (; at + 8 <= bytes.length; at += 8)
    hash = (times(rotate(hash ^ round(0n, view.getBigUint64(at, true)), 27n), p1) + p4) & mask64
  for (; at + 4 <= bytes.length; at += 4)
    hash = (times(rotate(hash ^ times(BigInt(view.getUint32(at, true)), p1), 23n), p2) + p3) & mask64
  for (; at < bytes.length; at++) hash = times(rotate(hash ^ times(BigInt(bytes[at] ?? 0), p5), 11n), p1)
  hash = times(hash ^ (hash >> 33n), p2)
  hash = times(hash ^ (hash >> 29n), p3)
  return bigEndian64(hash ^ (hash >> 32n))
}

const hash = (name: string): Definition => ({
  signature: `${name}(varbinary) -> varbinary`,
  make: scalar(`athena_${name}`, ['varbinary'], 'varbinary', (bytes) =>
    createHash(name).update(bytes).digest(),
  ),
})

const hmac = (name: string): Definition => ({
  signature: `hmac_${name}(varbinary, varbinary) -> varbinary`,
  make: scalar(`athena_hmac_${name}`, ['varbinary', 'varbinary'], 'varbinary', (bytes, key) => {
    if (key.length === 0) throw new FunctionError('Empty key')
    return createHmac(name, key).update(bytes).digest()
  }),
})

// ---- numbers as bytes

function bigEndian64(value: bigint): Uint8Array {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt.asUintN(64, value))
  return bytes
}

function sized(bytes: Uint8Array, size: number): Buffer {
  if (bytes.length !== size) throw new FunctionError(`expected an input of ${size} bytes`)
  return Buffer.from(bytes)
}

function toBytes(size: number, write: (bytes: Buffer) => void): Uint8Array {
  const bytes = Buffer.alloc(size)
  write(bytes)
  return bytes
}

// ---- bits

function bitCount(value: bigint, bits: bigint): bigint {
  if (bits < 2n || bits > 64n) throw new FunctionError('Bits specified in bit_count must be between 2 and 64')
  if (BigInt.asIntN(Number(bits), value) !== value)
    throw new FunctionError('bit_count: the number cannot be represented with the bits specified')
  return BigInt(BigInt.asUintN(Number(bits), value).toString(2).replaceAll('0', '').length)
}

/** Shifts of each integer's width; a shift by as many bits as there are, or by a negative number, leaves nothing. */
const widths = [
  ['tinyint', 8],
  ['smallint', 16],
  ['integer', 32],
  ['bigint', 64],
] as const

const shifts = widths.flatMap(([type, width]): readonly Definition[] => {
  const shift = (
    name: string,
    move: (value: bigint, by: bigint) => bigint,
    rest: (value: bigint) => bigint,
    wraps = false,
  ): Definition => {
    const fn = scalar(`athena_bitwise_${name}_${width}`, ['bigint', 'integer'], 'bigint', (value, by) =>
      BigInt.asIntN(
        width,
        by >= width || (by < 0 && !wraps) ? rest(value) : move(value, BigInt(by < 0 ? by & 63 : by)),
      ),
    )
    return {
      signature: `bitwise_${name}(${type}, integer) -> ${type}`,
      make:
        type === 'bigint'
          ? fn
          : `CAST(athena_bitwise_${name}_${width}(CAST($1 AS BIGINT), $2) AS ${type.toUpperCase()})`,
      uses: [fn],
    }
  }
  const nothing = () => 0n
  return [
    // Java takes a negative shift modulo the width.
    shift('left_shift', (value, by) => value << by, nothing, true),
    shift('right_shift', (value, by) => BigInt.asUintN(width, value) >> by, nothing),
    shift(
      'right_shift_arithmetic',
      (value, by) => value >> by,
      (value) => (value < 0n ? -1n : 0n),
    ),
  ]
})

/** Bytes, their texts and their hashes, and the bits of integers. */
export const binaryFunctions: readonly Definition[] = [
  { signature: 'length(varbinary) -> bigint', make: 'octet_length($1)' },
  {
    signature: 'substr(varbinary, bigint) -> varbinary',
    make: scalar('athena_substr_bytes', ['varbinary', 'bigint'], 'varbinary', (bytes, start) =>
      slice(bytes, start),
    ),
  },
  {
    signature: 'substr(varbinary, bigint, bigint) -> varbinary',
    make: scalar('athena_substr_bytes_length', ['varbinary', 'bigint', 'bigint'], 'varbinary', slice),
  },
  {
    signature: 'concat(varbinary, varbinary...) -> varbinary',
    make: (args) => `(${args.map(({ sql }) => sql).join(' || ')})`,
  },
  {
    signature: 'reverse(varbinary) -> varbinary',
    make: scalar('athena_reverse_bytes', ['varbinary'], 'varbinary', (bytes) => bytes.slice().reverse()),
  },
  {
    signature: 'lpad(varbinary, bigint, varbinary) -> varbinary',
    make: scalar(
      'athena_lpad_bytes',
      ['varbinary', 'bigint', 'varbinary'],
      'varbinary',
      (bytes, length, filling) => pad(bytes, length, filling, true),
    ),
  },
  {
    signature: 'rpad(varbinary, bigint, varbinary) -> varbinary',
    make: scalar(
      'athena_rpad_bytes',
      ['varbinary', 'bigint', 'varbinary'],
      'varbinary',
      (bytes, length, filling) => pad(bytes, length, filling, false),
    ),
  },
  { signature: 'to_hex(varbinary) -> varchar', make: 'hex($1)' },
  {
    signature: 'from_hex(varchar) -> varbinary',
    make: scalar('athena_from_hex', ['varchar'], 'varbinary', fromHex),
  },
  { signature: 'to_base64(varbinary) -> varchar', make: 'base64($1)' },
  {
    signature: 'to_base64url(varbinary) -> varchar',
    make: scalar('athena_to_base64url', ['varbinary'], 'varchar', (bytes) =>
      Buffer.from(bytes).toString('base64').replaceAll('+', '-').replaceAll('/', '_'),
    ),
  },
  {
    signature: 'from_base64(varchar) -> varbinary',
    make: scalar('athena_from_base64', ['varchar'], 'varbinary', (text) =>
      fromBase64(text, 'from_base64', /^[A-Za-z0-9+/]*$/),
    ),
  },
  {
    signature: 'from_base64url(varchar) -> varbinary',
    make: scalar('athena_from_base64url', ['varchar'], 'varbinary', (text) =>
      fromBase64(text, 'from_base64url', /^[\w-]*$/),
    ),
  },
  {
    signature: 'to_base32(varbinary) -> varchar',
    make: scalar('athena_to_base32', ['varbinary'], 'varchar', toBase32),
  },
  {
    signature: 'from_base32(varchar) -> varbinary',
    make: scalar('athena_from_base32', ['varchar'], 'varbinary', fromBase32),
  },
  hash('md5'),
  hash('sha1'),
  hash('sha256'),
  hash('sha512'),
  hmac('md5'),
  hmac('sha1'),
  hmac('sha256'),
  hmac('sha512'),
  {
    signature: 'crc32(varbinary) -> bigint',
    make: scalar('athena_crc32', ['varbinary'], 'bigint', (bytes) => BigInt(crc32(bytes))),
  },
  {
    signature: 'xxhash64(varbinary) -> varbinary',
    make: scalar('athena_xxhash64', ['varbinary'], 'varbinary', xxhash64),
  },
  {
    signature: 'to_big_endian_64(bigint) -> varbinary',
    make: scalar('athena_to_big_endian_64', ['bigint'], 'varbinary', bigEndian64),
  },
  {
    signature: 'from_big_endian_64(varbinary) -> bigint',
    make: scalar('athena_from_big_endian_64', ['varbinary'], 'bigint', (bytes) =>
      sized(bytes, 8).readBigInt64BE(),
    ),
  },
  {
    signature: 'to_big_endian_32(integer) -> varbinary',
    make: scalar('athena_to_big_endian_32', ['integer'], 'varbinary', (value) =>
      toBytes(4, (bytes) => bytes.writeInt32BE(value)),
    ),
  },
  {
    signature: 'from_big_endian_32(varbinary) -> integer',
    make: scalar('athena_from_big_endian_32', ['varbinary'], 'integer', (bytes) =>
      sized(bytes, 4).readInt32BE(),
    ),
  },
  {
    signature: 'to_ieee754_64(double) -> varbinary',
    make: scalar('athena_to_ieee754_64', ['double'], 'varbinary', (value) =>
      toBytes(8, (bytes) => bytes.writeDoubleBE(value)),
    ),
  },
  {
    signature: 'from_ieee754_64(varbinary) -> double',
    make: scalar('athena_from_ieee754_64', ['varbinary'], 'double', (bytes) =>
      sized(bytes, 8).readDoubleBE(),
    ),
  },
  {
    signature: 'to_ieee754_32(real) -> varbinary',
    make: 'athena_to_ieee754_32(CAST($1 AS DOUBLE))',
    uses: [
      scalar('athena_to_ieee754_32', ['double'], 'varbinary', (value) =>
        toBytes(4, (bytes) => bytes.writeFloatBE(value)),
      ),
    ],
  },
  {
    signature: 'from_ieee754_32(varbinary) -> real',
    make: 'CAST(athena_from_ieee754_32($1) AS FLOAT)',
    uses: [
      scalar('athena_from_ieee754_32', ['varbinary'], 'double', (bytes) => sized(bytes, 4).readFloatBE()),
    ],
  },
  {
    signature: 'to_base(bigint, bigint) -> varchar(64)',
    make: scalar('athena_to_base', ['bigint', 'bigint'], 'varchar', (value, radix) =>
      value.toString(checkRadix(radix)),
    ),
  },
  {
    signature: 'from_base(varchar, bigint) -> bigint',
    make: scalar('athena_from_base', ['varchar', 'bigint'], 'bigint', fromBase),
  },
  { signature: 'bitwise_and(bigint, bigint) -> bigint', make: '($1 & $2)' },
  { signature: 'bitwise_or(bigint, bigint) -> bigint', make: '($1 | $2)' },
  { signature: 'bitwise_xor(bigint, bigint) -> bigint', make: 'xor($1, $2)' },
  { signature: 'bitwise_not(bigint) -> bigint', make: '(~$1)' },
  {
    signature: 'bit_count(bigint, bigint) -> bigint',
    make: scalar('athena_bit_count', ['bigint', 'bigint'], 'bigint', bitCount),
  },
  ...shifts,
]

/** Functions on bytes that Athena documents and that are not done here. */
export const refusedBinaryFunctions: readonly { readonly name: string; readonly instead: string }[] = [
  { name: 'murmur3', instead: 'use xxhash64, md5 or sha256' },
  { name: 'spooky_hash_v2_32', instead: 'use xxhash64 or crc32' },
  { name: 'spooky_hash_v2_64', instead: 'use xxhash64' },
]
