import { compareTypes, type Finding } from './resolve.ts'
import type { Path, RecordSchema } from './schema.ts'
import type { Field, RecordType, Type } from './type.ts'

/**
 * One finding about an edited schema file: what becomes of a field of earlier files, as `compareTypes` says, or
 * - `changes`: files stay readable, but a rule of the archive is another one from now on, so that new rows are made in
 *   another way than existing rows.
 *
 * `path` names a field, or a rule of the whole type in parentheses.
 */
export type SchemaFinding = {
  readonly path: string
  readonly verdict: Finding['verdict'] | 'changes'
  readonly note: string
}

/**
 * Compares an edited schema with an earlier one: the rules that change first, then field by field what becomes of files
 * that were written with the earlier one. A field whose rule changes is listed once for each, and is not called `same`.
 */
export function compareSchemas(before: RecordSchema, after: RecordSchema): readonly SchemaFinding[] {
  const rules = [...compareTypeRules(before, after), ...compareFieldRules(before.row, after.row)]
  const changed = new Set(rules.map(({ path }) => path))
  const fields = compareTypes(before.row, after.row).filter(
    ({ path, verdict }) => verdict !== 'same' || !changed.has(path),
  )
  return [...rules, ...fields]
}

/** The rules of a whole type, and what another one does. */
function compareTypeRules(before: RecordSchema, after: RecordSchema): readonly SchemaFinding[] {
  const paths = (list: readonly Path[]) => list.map((path) => path.join('.')).join(', else ')
  const template = (parts: readonly string[]) =>
    parts.map((part, index) => (index % 2 === 0 ? part : `{${part}}`)).join('')
  const rules: readonly (readonly [name: string, rule: (schema: RecordSchema) => string, effect: string])[] =
    [
      [
        'partition',
        ({ partition }) => paths(partition),
        'a change of an item can land in another partition than its earlier rows, a delete too',
      ],
      ['reference', ({ reference }) => template(reference), 'an item has two reference ids in the archive'],
      [
        'timestamp',
        ({ timestamp }) => paths(timestamp),
        'reference.timestamp means something else in new rows',
      ],
      ['deletedAt', ({ deletedAt }) => deletedAt?.join('.') ?? 'nothing', 'deletes are dated elsewhere'],
      ['plural', ({ plural }) => plural, 'statements that name the earlier view fail'],
    ]
  return rules.flatMap(([name, rule, effect]) =>
    rule(before) === rule(after)
      ? []
      : [changes(`(${name})`, `was ${rule(before)}, is ${rule(after)}: ${effect}`)],
  )
}

/** Whether a field is personal because an enclosing field is. */
type Inherited = { readonly before: boolean; readonly after: boolean }

function compareFieldRules(
  before: RecordType,
  after: RecordType,
  path = '',
  inherited: Inherited = { before: false, after: false },
): readonly SchemaFinding[] {
  const earlier = new Map(before.fields.map((field) => [field.name, field]))
  return after.fields.flatMap((field) => {
    const here = path === '' ? field.name : `${path}.${field.name}`
    const was = earlier.get(field.name)
    if (!was) return []
    const pii = { before: inherited.before || was.pii, after: inherited.after || field.pii }
    // A change inherited from an enclosing record is reported there.
    const isReported = inherited.before !== inherited.after
    return [
      ...(pii.before !== pii.after && !isReported
        ? [changes(here, pii.after ? nowPersonal : notPersonal)]
        : []),
      ...compareDerive(was, field, here),
      ...compareNeed(was, field, here),
      ...compareInside(was.type, field.type, here, pii),
    ]
  })
}

const nowPersonal = 'personal from now on: deletes redact it; rows of earlier deletes keep its value'
const notPersonal = 'no longer personal: deletes keep its value in the archive from now on'

function compareDerive(before: Field, after: Field, path: string): readonly SchemaFinding[] {
  const ruleOf = ({ derive }: Field) => derive && `${derive.from} by ${derive.pattern.source}`
  const [was, is] = [ruleOf(before), ruleOf(after)]
  if (was === is) return []
  if (was === undefined) return [changes(path, `taken from ${is} from now on, and no longer from the item`)]
  if (is === undefined) return [changes(path, `taken from the item from now on, and no longer from ${was}`)]
  return [changes(path, `was taken from ${was}, is taken from ${is}: existing rows keep the earlier value`)]
}

/** A field may be needed in one schema and not in the other while its type is the same. */
function compareNeed(before: Field, after: Field, path: string): readonly SchemaFinding[] {
  if (before.hasDefault === after.hasDefault) return []
  return after.hasDefault
    ? [{ path, verdict: 'reads', note: 'no longer required' }]
    : [changes(path, 'required from now on: records without it become errors')]
}

function compareInside(
  before: Type,
  after: Type,
  path: string,
  inherited: Inherited,
): readonly SchemaFinding[] {
  if (before.kind === 'optional') return compareInside(before.of, after, path, inherited)
  if (after.kind === 'optional') return compareInside(before, after.of, path, inherited)
  if (before.kind === 'record' && after.kind === 'record')
    return compareFieldRules(before, after, path, inherited)
  if (before.kind === 'array' && after.kind === 'array')
    return compareInside(before.items, after.items, `${path}[]`, inherited)
  if (before.kind === 'map' && after.kind === 'map')
    return compareInside(before.values, after.values, `${path}{}`, inherited)
  return []
}

function changes(path: string, note: string): SchemaFinding {
  return { path, verdict: 'changes', note }
}
