import { expect, test } from 'vitest'
import { loadCatalog } from '../../src/catalog.ts'
import { maskEnvelope, masked } from '../../src/errors/mask.ts'
import { change, demandItem } from '../changes.ts'

const catalog = loadCatalog()
const canary = 'c4n4ry'
const envelopeOf = (item: object) => JSON.parse(Buffer.from(change({ item: item as never })).toString('utf8'))

test('an envelope is shown with what is not personal, and without the rest', () => {
  const item = {
    ...demandItem,
    PK: `FAN#${canary}`,
    email: `${canary}@example.com`,
    phoneNumber: canary,
    messageBody: canary,
    note: canary,
    [`${canary}@example.com`]: 'a name that a person chose',
  }
  const envelope = envelopeOf(item)
  const shown = maskEnvelope(
    { ...envelope, eventID: canary, remark: canary, userIdentity: { name: canary } },
    catalog,
  )
  expect(JSON.stringify(shown)).not.toContain(canary)
  expect(shown).toMatchObject({
    awsRegion: 'us-east-1',
    eventID: masked,
    eventName: 'INSERT',
    remark: masked,
    userIdentity: masked,
    dynamodb: {
      ApproximateCreationDateTimePrecision: 'MICROSECOND',
      Keys: { PK: { S: masked }, SK: { S: masked } },
      NewImage: {
        fanId: { S: 'fan-1' },
        email: { S: masked },
        note: { S: masked },
        date: { M: { requested: { S: '2025-02-13T18:30:00.000Z' } } },
      },
    },
  })
})

test('a value that is out of its place is hidden: it may be anything', () => {
  const envelope = envelopeOf({ ...demandItem, date: { requested: `call ${canary}` }, fanId: [canary] })
  const shown = maskEnvelope(envelope, catalog)
  expect(JSON.stringify(shown)).not.toContain(canary)
  expect(shown).toMatchObject({
    dynamodb: { NewImage: { date: { M: { requested: { S: masked } } }, fanId: { L: masked } } },
  })
})
