// As long as those of Kinesis, so that whatever was built for its sequence numbers meets them here.
const prefix = '496'
const indexDigits = 53

/** The sequence number of the entry at an index of the log: 56 decimal digits that rise with it. */
export function toSequence(index: number): string {
  return prefix + String(index).padStart(indexDigits, '0')
}

/** The index of a sequence number; undefined when this stream gave none such. */
export function toIndex(sequence: string): number | undefined {
  if (sequence.length !== prefix.length + indexDigits || !/^496\d+$/.test(sequence)) return undefined
  const index = Number(sequence.slice(prefix.length))
  return Number.isSafeInteger(index) ? index : undefined
}
