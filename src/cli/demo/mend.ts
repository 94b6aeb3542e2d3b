import { writeFileSync } from 'node:fs'
import type { PlanRules } from '../../delivery/plan.ts'
import { parsePatch } from '../../errors/edit.ts'
import { readHistory } from '../../errors/history.ts'
import { freeze, replay } from '../../errors/replay.ts'
import { type ErrorGroup, triage } from '../../errors/triage.ts'
import { toBasicIso } from '../../record/date.ts'
import type { Catalog } from '../../record/schema.ts'
import type { ObjectStore } from '../../store/store.ts'
import { count, type Io, style, wrapped } from '../io.ts'
import { describeEdit, outcomeLines } from '../replay/tell.ts'

type Parts = {
  readonly store: ObjectStore
  readonly catalog: Catalog
  readonly rules: PlanRules
  /** Where the edit is written, as a person would have. */
  readonly file: string
}

/** Each request lacks its sale, which the item's own key still names: FAN#…, DEMAND#event#sale. */
const edit = {
  values: [{ from: '/dynamodb/Keys/SK/S', match: '^DEMAND#[^#]+#(?<sale>[^#]+)$' }],
  patch: [{ op: 'add', path: '/dynamodb/NewImage/saleId', value: { S: '${sale}' } }],
}

/** The cause that the demo mends: requests that came without the sale that they are for. */
export function isMendable({ code, type, path }: ErrorGroup): boolean {
  return code === 'FIELD_MISSING' && type === 'demand' && path === '/saleId'
}

/** Mends one cause by one edit and replays it, twice. Returns how many rows that has to make. */
export async function mend(io: Io, { store, catalog, rules, file }: Parts): Promise<number> {
  const text = `${JSON.stringify(edit)}\n`
  writeFileSync(file, text)
  const parsed = parsePatch(Buffer.from(text, 'utf8'), file)
  const { groups, entries } = await triage(store, catalog)
  const group = groups.find(isMendable)
  if (!group) return 0
  const keys = entries.filter(({ fingerprint }) => fingerprint === group.fingerprint).map(({ key }) => key)
  await io.out(
    wrapped(
      `${count(group.records)} requests name no sale (${group.code} ${group.path}). The edit: ${describeEdit(parsed.summary)}`,
    ),
  )
  for (let time = 0; time < 2; time++) {
    await io.out(style(io, 'dim', `> dmd replay ${group.fingerprint} --edit ${file} --yes\n`))
    const id = `${toBasicIso(io.runtime.clock())}-${io.runtime.newId()}`
    const request = { id, by: 'demo', asked: group.fingerprint, selection: freeze(keys), edit: parsed }
    const { counts } = await replay(
      { ...request, history: await readHistory(store) },
      { store, rules, clock: io.runtime.clock, putsParallel: 16 },
    )
    await io.out(outcomeLines(io, counts, false))
  }
  return group.records
}
