// As long as those of Kinesis, so that whatever was built for its sequence numbers meets them here.
const prefix = '496'
const positionDigits = 53

/** The sequence number of the change at a position of the stream: 56 decimal digits that rise with it. */
export function toSequence(position: number): string {
  return prefix + String(position).padStart(positionDigits, '0')
}

/** The position of a sequence number; undefined when this stream gave none such. */
export function toPosition(sequence: string): number | undefined {
  if (sequence.length !== prefix.length + positionDigits || !/^496\d+$/.test(sequence)) return undefined
  const position = Number(sequence.slice(prefix.length))
  return Number.isSafeInteger(position) ? position : undefined
}
