import { createHash } from 'node:crypto'

/** Returns which of so many slots a partition key belongs to: always the same one. */
export function slotOf(partitionKey: string, slots: number): number {
  if (slots === 1) return 0
  return createHash('md5').update(partitionKey).digest().readUInt32BE(0) % slots
}
