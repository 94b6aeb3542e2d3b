import { expect, onTestFinished, test } from 'vitest'
import { loadCatalog } from '../../src/catalog.ts'
import { maskedSelect } from '../../src/query/masked.ts'
import { change, demandItem, records } from '../changes.ts'
import { openTestArchive } from './archive.ts'

test('a masked view shows that personal values are there, and none of them, nor anything that no schema models', async () => {
  const archive = await openTestArchive()
  onTestFinished(() => archive.close())
  const { phoneNumber: _, ...item } = demandItem
  const canary = 'c4n4ry'
  await archive.add(
    records([
      change({ item: { ...item, email: `${canary}@example.com`, messageBody: canary, note: canary } }),
    ]),
  )
  const rows = await archive.sql(maskedSelect(loadCatalog().get('demand')!))
  expect(rows).toMatchObject([
    {
      fanid: 'fan-1',
      phonenumber: null,
      email: '•••',
      messagebody: '•••',
      extra_names: ['/note'],
      partition_date: '2025-02-13',
    },
  ])
  expect(rows[0]).not.toHaveProperty('extra')
  expect(JSON.stringify(rows)).not.toContain(canary)
})
