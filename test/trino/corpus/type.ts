/** A type of Trino or of DuckDB, in words that both share. Texts of any length are `text`, and so is JSON. */
export type Type =
  | { readonly kind: 'array'; readonly item: Type }
  | { readonly kind: 'map'; readonly key: Type; readonly value: Type }
  | { readonly kind: 'row'; readonly fields: readonly { readonly name: string; readonly type: Type }[] }
  /** `digits` are those of the fraction of a second, or a decimal's precision and scale. */
  | { readonly kind: 'scalar'; readonly name: string; readonly digits: readonly number[] }

const names: { readonly [name: string]: string } = {
  int: 'integer',
  float: 'real',
  blob: 'varbinary',
  varchar: 'text',
  char: 'text',
  json: 'text',
  timestamp_s: 'timestamp',
  timestamp_ms: 'timestamp',
  timestamp_ns: 'timestamp',
  timestamptz: 'timestamp with time zone',
  timetz: 'time with time zone',
  'interval day to second': 'interval',
  'interval year to month': 'interval',
  sqlnull: 'unknown',
  null: 'unknown',
}

const tokens = /"(?:[^"]|"")*"|[A-Za-z_]\w*|\d+|[(),[\]]/g

/** Reads a type as Trino (`array(row(n integer))`) or DuckDB (`STRUCT(n INTEGER)[]`) writes it. */
export function readType(text: string): Type {
  const words = text.match(tokens) ?? []
  let at = 0
  const take = () => words[at++] ?? ''
  const isNext = (word: string) => words[at] === word
  const list = <T>(read: () => T): readonly T[] => {
    const found: T[] = []
    do {
      take()
      found.push(read())
    } while (isNext(','))
    take()
    return found
  }
  const base = (): Type => {
    const word = take().replaceAll('"', '').toLowerCase()
    if (word === 'array' && isNext('(')) return { kind: 'array', item: list(type)[0] ?? unknown }
    if (word === 'map' && isNext('(')) {
      const [key = unknown, value = unknown] = list(type)
      return { kind: 'map', key, value }
    }
    if ((word === 'row' || word === 'struct') && isNext('('))
      return {
        kind: 'row',
        fields: list(field).map(({ name, type }, place) => ({ name: name ?? `field${place}`, type })),
      }
    const digits = isNext('(') ? list(() => Number(take())) : []
    let name = word
    while (/^(with|time|zone|day|to|second|year|month|precision)$/i.test(words[at] ?? ''))
      name += ` ${take().toLowerCase()}`
    return { kind: 'scalar', name: names[name] ?? name, digits: /^(decimal|time)/.test(name) ? digits : [] }
  }
  /** A field has a name when another word than that of a type's parts stands before its type. */
  const field = (): { readonly name?: string; readonly type: Type } => {
    const next = words[at + 1] ?? ')'
    const isNamed = !/^[(),[\]]$/.test(next) && !/^(with|day|year|to)$/i.test(next)
    if (!isNamed) return { type: type() }
    const name = take()
      .replace(/^"(.*)"$/, '$1')
      .replaceAll('""', '"')
    return { name, type: type() }
  }
  const type = (): Type => {
    let found = base()
    while (isNext('[')) {
      while (take() !== ']') if (at > words.length) break
      found = { kind: 'array', item: found }
    }
    return found
  }
  return type()
}

const unknown: Type = { kind: 'scalar', name: 'unknown', digits: [] }

/** Whether values of two types look the same to who reads a result. How exact a time is, is seen in its values. */
export function isSameType(trino: Type, ours: Type): boolean {
  if (trino.kind === 'scalar' && trino.name === 'unknown') return true
  if (trino.kind === 'array') return ours.kind === 'array' && isSameType(trino.item, ours.item)
  if (trino.kind === 'map')
    return ours.kind === 'map' && isSameType(trino.key, ours.key) && isSameType(trino.value, ours.value)
  if (trino.kind === 'row')
    return (
      ours.kind === 'row' &&
      trino.fields.length === ours.fields.length &&
      trino.fields.every(({ name, type }, at) => {
        const other = ours.fields[at]
        return other !== undefined && other.name === name && isSameType(type, other.type)
      })
    )
  if (ours.kind !== 'scalar' || ours.name !== trino.name) return false
  return trino.name !== 'decimal' || String(trino.digits) === String(ours.digits)
}
