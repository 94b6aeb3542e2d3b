import { type Definition, type Expr, FunctionError, scalar, type Tools } from '../registry.ts'
import { asDecimal, decimal, decimalDigitsMax, type SqlType } from '../types.ts'

const integers = ['tinyint', 'smallint', 'integer', 'bigint'] as const

/** The least value of each integer type. */
const least = {
  tinyint: '-128',
  smallint: '-32768',
  integer: '-2147483648',
  bigint: '(-9223372036854775807 - 1)',
} as const

// ---- decimals

/** The digits that a decimal has when its scale is cut, with one more where it may carry: Trino's `rp`. */
const carried = (types: readonly SqlType[]): SqlType => {
  const { precision, scale } = asDecimal(types[0] ?? decimal(1, 0))
  return decimal(Math.max(1, precision - scale + Math.min(scale, 1)), 0)
}
const cut = (types: readonly SqlType[]): SqlType => {
  const { precision, scale } = asDecimal(types[0] ?? decimal(1, 0))
  return decimal(Math.max(1, precision - scale), 0)
}
const oneMoreDigit = (types: readonly SqlType[]): SqlType => {
  const { precision, scale } = asDecimal(types[0] ?? decimal(1, 0))
  return decimal(Math.min(decimalDigitsMax, precision + 1), scale)
}

const decimalSql = ({ precision, scale }: { readonly precision: number; readonly scale: number }) =>
  `DECIMAL(${precision}, ${scale})`

/** The digits of a decimal without its point, as text, and back: DuckDB's own round and ceil go by way of doubles. */
const onDigits =
  (name: string) =>
  (args: readonly Expr[], result: SqlType): string => {
    const [value, digits] = args
    const { scale } = asDecimal(value?.type ?? result)
    const { precision, scale: to } = asDecimal(result)
    return `CAST(${name}(CAST(${value?.sql} AS VARCHAR), ${scale}, ${digits ? digits.sql : '0'}) AS ${decimalSql({ precision, scale: to })})`
  }

/** A decimal's text cut at a place behind the point, or before it where the place is negative. */
function cutDecimal(
  text: string,
  scale: number,
  place: number,
  adjust: (units: bigint, unit: bigint) => bigint,
): string {
  const isNegative = text.startsWith('-')
  const [whole = '', fraction = ''] = text.replace('-', '').split('.')
  const digits = BigInt(whole + fraction.padEnd(scale, '0'))
  const units = isNegative ? -digits : digits
  const gone = scale - place
  if (gone <= 0) return text
  const unit = 10n ** BigInt(Math.min(gone, 80))
  const made = adjust(units, unit) * unit
  const size = String(made < 0n ? -made : made).padStart(scale + 1, '0')
  const end = size.length - scale
  return `${made < 0n ? '-' : ''}${size.slice(0, end)}${scale > 0 ? `.${size.slice(end)}` : ''}`
}

const half = (units: bigint, unit: bigint) => (units < 0n ? units - unit / 2n : units + unit / 2n) / unit
const down = (units: bigint, unit: bigint) => (units - (((units % unit) + unit) % unit)) / unit

const decimalFunctions = (
  [
    ['round', half],
    ['truncate', (units: bigint, unit: bigint) => units / unit],
    ['floor', down],
    ['ceil', (units: bigint, unit: bigint) => -down(-units, unit)],
  ] as const
).map(([name, adjust]) =>
  scalar(`athena_${name}_decimal`, ['varchar', 'integer', 'integer'], 'varchar', (text, scale, place) =>
    cutDecimal(text, scale, place, adjust),
  ),
)
const [roundDecimal, truncateDecimal, floorDecimal, ceilDecimal] = decimalFunctions
const used = (fn: (typeof decimalFunctions)[number] | undefined) =>
  fn ? { make: onDigits(fn.scalar), uses: [fn] } : { make: '$1' }

// ---- rounding

/** Java's `Math.round(x)` on a double or real: halves away from zero. */
function roundDouble(value: number): number {
  if (!Number.isFinite(value)) return value
  const size = Math.abs(value)
  const floor = Math.floor(size)
  return Math.sign(value) * (size - floor >= 0.5 ? floor + 1 : floor)
}

/** Trino's `round(x, d)`: by a power of ten, so that 1.005 is 1.0. */
function roundPlaces(value: number, places: number): number {
  if (!Number.isFinite(value)) return value
  const factor = 10 ** places
  const scaled = value * factor
  if (factor !== 0 && !Number.isFinite(scaled)) return value
  return roundDouble(scaled) / factor
}

function roundInteger(value: bigint, places: number): bigint {
  if (places >= 0) return value
  if (places < -18) throw new FunctionError('numerical overflow')
  const unit = 10n ** BigInt(-places)
  const result = half(value, unit) * unit
  if (result !== BigInt.asIntN(64, result)) throw new FunctionError('numerical overflow')
  return result
}

const roundDoubleFunction = scalar('athena_round', ['double'], 'double', roundDouble)
const roundPlacesFunction = scalar('athena_round_places', ['double', 'integer'], 'double', roundPlaces)
const roundIntegerFunction = scalar('athena_round_integer', ['bigint', 'integer'], 'bigint', roundInteger)

// ---- greatest and least

/** NULL where any value is; of doubles NaN counts only where all are NaN. */
const extreme =
  (name: 'greatest' | 'least') =>
  (args: readonly Expr[], result: SqlType, tools: Tools): string =>
    tools.bind(args, (...values) => {
      const isNull = values.map((value) => `${value} IS NULL`).join(' OR ')
      return `CASE WHEN ${isNull} THEN NULL ELSE ${extremeOf(name, values, result)} END`
    })

function extremeOf(name: 'greatest' | 'least', values: readonly string[], type: SqlType): string {
  if (type.kind === 'double' || type.kind === 'real') {
    const numbers = values.map((value) => `CASE WHEN isnan(${value}) THEN NULL ELSE ${value} END`)
    return `coalesce(${name}(${numbers.join(', ')}), CAST('NaN' AS ${type.kind === 'real' ? 'FLOAT' : 'DOUBLE'}))`
  }
  // Of two instants that are the same the later argument is taken.
  if (type.kind === 'timestamp with time zone') {
    const [first = 'NULL', ...rest] = values
    return rest.reduce(
      (best, value) =>
        `list_transform([struct_pack(a := ${best}, b := ${value})], lambda p: CASE WHEN p.a.i ${name === 'greatest' ? '>' : '<'} p.b.i THEN p.a ELSE p.b END)[1]`,
      first,
    )
  }
  return `${name}(${values.join(', ')})`
}

// ---- buckets and probabilities

function widthBucket(operand: number, first: number, second: number, count: bigint): bigint {
  if (count <= 0n) throw new FunctionError('bucketCount must be greater than 0')
  if (Number.isNaN(operand)) throw new FunctionError('operand must not be NaN')
  if (!Number.isFinite(first)) throw new FunctionError('first bound must be finite')
  if (!Number.isFinite(second)) throw new FunctionError('second bound must be finite')
  if (first === second) throw new FunctionError('bounds cannot equal each other')
  const [lower, upper] = [Math.min(first, second), Math.max(first, second)]
  let result: bigint
  if (operand < lower) result = 0n
  else if (operand >= upper) {
    if (count === 2n ** 63n - 1n) throw new FunctionError(`Bucket for value is out of range`)
    result = count + 1n
  } else {
    const place = (Number(count) * (operand - lower)) / (upper - lower) + 1
    result = place >= 2 ** 63 ? 2n ** 63n - 1n : BigInt(Math.trunc(place))
  }
  return first > second ? count - result + 1n : result
}

function widthBucketOf(operand: number, bins: readonly (string | null)[]): bigint {
  if (bins.length === 0) throw new FunctionError('Bins cannot be an empty array')
  if (Number.isNaN(operand)) throw new FunctionError('Operand cannot be NaN')
  const values = bins.map((bin) => (bin === null ? 0 : Number(bin)))
  if (!values.every((value) => Number.isFinite(value))) throw new FunctionError('Bin values must be finite')
  if (values.some((value, index) => value < (values[index - 1] ?? value)))
    throw new FunctionError('Bin values are not sorted in ascending order')
  return BigInt(values.filter((value) => operand >= value).length)
}

function wilson(successes: bigint, trials: bigint, z: number, sign: number): number {
  if (successes < 0n) throw new FunctionError('number of successes must not be negative')
  if (trials <= 0n) throw new FunctionError('number of trials must be positive')
  if (successes > trials)
    throw new FunctionError('number of successes must not be larger than number of trials')
  if (!(z >= 0)) throw new FunctionError('z-score must not be negative')
  const s = Number(successes)
  const n = Number(trials)
  const p = s / n
  const root = Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n))
  return (p + (z * z) / (2 * n) + sign * z * root) / (1 + (z * z) / n)
}

// ---- functions of doubles

const one = (name: string, sql: string): Definition => ({ signature: `${name}(double) -> double`, make: sql })
/** What JavaScript gives, which fails nowhere, as Java's does not. */
const ours = (name: string, apply: (value: number) => number): Definition => ({
  signature: `${name}(double) -> double`,
  make: scalar(`athena_${name}`, ['double'], 'double', apply),
})

/** The cube root as Java computes it (fdlibm's `s_cbrt.c`): JavaScript's and C's differ in the last digit. */
function cubeRoot(value: number): number {
  const x = Math.abs(value)
  if (x === 0 || !Number.isFinite(x)) return value
  const view = new DataView(new ArrayBuffer(8))
  const highOf = (number: number) => {
    view.setFloat64(0, number)
    return view.getUint32(0)
  }
  const from = (high: number, low: number) => {
    view.setUint32(0, high)
    view.setUint32(4, low)
    return view.getFloat64(0)
  }
  const isSmall = highOf(x) < 0x00100000
  const high = isSmall
    ? Math.floor(highOf(x * 2 ** 54) / 3) + 696_219_795
    : Math.floor(highOf(x) / 3) + 715_094_163
  let t = from(high, 0)
  const s = 19 / 35 + ((t * t) / x) * t
  t *= 5 / 14 + 45 / 28 / (s + 99 / 70 - 864 / 1225 / s)
  t = from(highOf(t) + 1, 0)
  const r = x / (t * t)
  return Math.sign(value) * (t + t * ((r - t) / (t + t + r)))
}

const nan = "CAST('NaN' AS DOUBLE)"
const negativeInfinity = "CAST('-Infinity' AS DOUBLE)"

/** A logarithm of DuckDB's, which fails where Java has an answer. */
const logarithm = (value: string, own: (value: string) => string) =>
  `CASE WHEN ${value} IS NULL THEN NULL WHEN ${value} > 0 THEN ${own(value)} WHEN ${value} = 0 THEN ${negativeInfinity} ELSE ${nan} END`
const ln = (value: string) => logarithm(value, (x) => `ln(${x})`)

/** C takes 1 to the power of NaN or infinity for 1, Java for NaN. */
const power = `CASE WHEN isnan($2) OR (isinf($2) AND abs($1) = 1) THEN $1 + ${nan} ELSE pow($1, $2) END`
/** DuckDB fails on infinity. */
const trigonometric = (name: string) => one(name, `CASE WHEN isinf($1) THEN ${nan} ELSE ${name}($1) END`)

const random: readonly Definition[] = ['rand', 'random'].flatMap((name) => [
  { signature: `${name}() -> double`, make: 'random()' },
  ...integers.flatMap((type): readonly Definition[] => [
    {
      signature: `${name}(${type}) -> ${type}`,
      make: (args, result, tools) => randomBelow(args, result, tools),
    },
    {
      signature: `${name}(${type}, ${type}) -> ${type}`,
      make: (args, result, tools) => randomBelow(args, result, tools),
    },
  ]),
])

function randomBelow(args: readonly Expr[], result: SqlType, tools: Tools): string {
  return tools.bind(args, (...values) => {
    const [start, stop] = values.length === 1 ? ['0', values[0]] : values
    const message =
      values.length === 1 ? 'bound must be positive' : 'start value must be less than stop value'
    const type = result.kind.toUpperCase()
    return `CASE WHEN ${start} >= ${stop} THEN ${tools.fail(message, result)} ELSE CAST(${start} + floor(random() * (CAST(${stop} AS HUGEINT) - ${start})) AS ${type}) END`
  })
}

/** Numbers. */
export const mathFunctions: readonly Definition[] = [
  ...integers.flatMap((type): readonly Definition[] => [
    {
      signature: `abs(${type}) -> ${type}`,
      make: (args, result, tools) =>
        tools.bind(
          args,
          (value) =>
            `CASE WHEN ${value} = ${least[type]} THEN ${tools.fail(`Value is out of range for abs(${type})`, result)} ELSE abs(${value}) END`,
        ),
    },
    { signature: `ceil(${type}) -> ${type}`, make: '$1' },
    { signature: `ceiling(${type}) -> ${type}`, make: '$1' },
    { signature: `floor(${type}) -> ${type}`, make: '$1' },
    { signature: `round(${type}) -> ${type}`, make: '$1' },
    {
      signature: `round(${type}, integer) -> ${type}`,
      make: `CAST(athena_round_integer(CAST($1 AS BIGINT), $2) AS ${type.toUpperCase()})`,
      uses: [roundIntegerFunction],
    },
    { signature: `sign(${type}) -> ${type}`, make: `CAST(sign($1) AS ${type.toUpperCase()})` },
    {
      signature: `mod(${type}, ${type}) -> ${type}`,
      make: (args, result, tools) =>
        tools.bind(
          args,
          (a, b) =>
            `CASE WHEN ${b} = 0 AND ${a} IS NOT NULL THEN ${tools.fail('/ by zero', result)} WHEN ${b} = -1 THEN ${a} - ${a} ELSE ${a} % ${b} END`,
        ),
    },
  ]),
  { signature: 'abs(decimal(p,s)) -> decimal(p,s)', make: 'abs($1)' },
  ...['ceil', 'ceiling'].map((name) => ({
    signature: `${name}(decimal(p,s)) -> decimal(p,0)`,
    returns: carried,
    ...used(ceilDecimal),
  })),
  { signature: 'floor(decimal(p,s)) -> decimal(p,0)', returns: carried, ...used(floorDecimal) },
  { signature: 'round(decimal(p,s)) -> decimal(p,0)', returns: carried, ...used(roundDecimal) },
  { signature: 'round(decimal(p,s), integer) -> decimal(p,s)', returns: oneMoreDigit, ...used(roundDecimal) },
  { signature: 'truncate(decimal(p,s)) -> decimal(p,0)', returns: cut, ...used(truncateDecimal) },
  { signature: 'truncate(decimal(p,s), integer) -> decimal(p,s)', ...used(truncateDecimal) },
  { signature: 'sign(decimal(p,s)) -> decimal(1,0)', make: 'CAST(sign($1) AS DECIMAL(1, 0))' },
  {
    signature: 'mod(decimal(p,s), decimal(q,t)) -> decimal(p,s)',
    returns: ([a, b]) => {
      const left = asDecimal(a ?? decimal(1, 0))
      const right = asDecimal(b ?? decimal(1, 0))
      const scale = Math.max(left.scale, right.scale)
      return decimal(Math.min(left.precision - left.scale, right.precision - right.scale) + scale, scale)
    },
    make: (args, result, tools) => {
      const wide = decimal(decimalDigitsMax, asDecimal(result).scale)
      const type = decimalSql(asDecimal(wide))
      return tools.bind(
        args,
        (a, b) =>
          `CASE WHEN ${b} = 0 AND ${a} IS NOT NULL THEN ${tools.fail('Division by zero', result)} ELSE CAST(CAST(${a} AS ${type}) % CAST(${b} AS ${type}) AS ${decimalSql(asDecimal(result))}) END`,
      )
    },
  },
  ...(['real', 'double'] as const).flatMap((type): readonly Definition[] => {
    const duck = type === 'real' ? 'FLOAT' : 'DOUBLE'
    const through = (name: string, args: string) =>
      type === 'real' ? `CAST(${name}(CAST($1 AS DOUBLE)${args}) AS FLOAT)` : `${name}($1${args})`
    return [
      { signature: `abs(${type}) -> ${type}`, make: 'abs($1)' },
      { signature: `ceil(${type}) -> ${type}`, make: 'ceil($1)' },
      { signature: `ceiling(${type}) -> ${type}`, make: 'ceil($1)' },
      { signature: `floor(${type}) -> ${type}`, make: 'floor($1)' },
      {
        signature: `round(${type}) -> ${type}`,
        make: through('athena_round', ''),
        uses: [roundDoubleFunction],
      },
      {
        signature: `round(${type}, integer) -> ${type}`,
        make: through('athena_round_places', ', $2'),
        uses: [roundPlacesFunction],
      },
      { signature: `truncate(${type}) -> ${type}`, make: 'trunc($1)' },
      {
        signature: `sign(${type}) -> ${type}`,
        make: `CASE WHEN isnan($1) THEN $1 ELSE CAST(sign($1) AS ${duck}) END`,
      },
      { signature: `is_nan(${type}) -> boolean`, make: 'isnan($1)' },
      {
        signature: `mod(${type}, ${type}) -> ${type}`,
        make: `CASE WHEN $2 = 0 THEN $1 + CAST('NaN' AS ${duck}) ELSE $1 % $2 END`,
      },
    ]
  }),
  { signature: 'is_finite(double) -> boolean', make: 'isfinite($1)' },
  { signature: 'is_infinite(double) -> boolean', make: 'isinf($1)' },
  { signature: 'nan() -> double', make: "CAST('NaN' AS DOUBLE)" },
  { signature: 'infinity() -> double', make: "CAST('Infinity' AS DOUBLE)" },
  { signature: 'pi() -> double', make: 'CAST(3.141592653589793 AS DOUBLE)' },
  { signature: 'e() -> double', make: 'CAST(2.718281828459045 AS DOUBLE)' },
  { signature: 'power(double, double) -> double', make: power },
  { signature: 'pow(double, double) -> double', make: power },
  one('exp', 'exp($1)'),
  one('degrees', '($1 * 57.29577951308232e0)'),
  one('radians', '($1 * 0.017453292519943295e0)'),
  ours('sqrt', Math.sqrt),
  one('ln', ln('$1')),
  one(
    'log10',
    logarithm('$1', (x) => `log10(${x})`),
  ),
  one('log2', `(${ln('$1')} / 0.6931471805599453e0)`),
  {
    signature: 'log(double, double) -> double',
    make: `(${ln('$2')} / ${ln('$1')})`,
  },
  ours('cbrt', cubeRoot),
  trigonometric('sin'),
  trigonometric('cos'),
  trigonometric('tan'),
  ours('asin', Math.asin),
  ours('acos', Math.acos),
  ours('atan', Math.atan),
  ours('sinh', Math.sinh),
  // Java's own exp(1), and with it cosh(1), is off by its last digit.
  ours('cosh', (value) => (Math.abs(value) === 1 ? 1.543080634815244 : Math.cosh(value))),
  ours('tanh', Math.tanh),
  {
    signature: 'atan2(double, double) -> double',
    make: scalar('athena_atan2', ['double', 'double'], 'double', Math.atan2),
  },
  { signature: 'greatest(T...) -> T', make: extreme('greatest') },
  { signature: 'least(T...) -> T', make: extreme('least') },
  {
    signature: 'width_bucket(double, double, double, bigint) -> bigint',
    make: scalar('athena_width_bucket', ['double', 'double', 'double', 'bigint'], 'bigint', widthBucket),
  },
  {
    signature: 'width_bucket(double, array(double)) -> bigint',
    make: 'athena_width_bucket_of($1, CAST($2 AS VARCHAR[]))',
    uses: [
      scalar('athena_width_bucket_of', ['double', 'varchar[]'], 'bigint', (operand, bins) =>
        widthBucketOf(
          operand,
          bins.map((bin) => bin?.replace(/^(-?)(inf|nan)$/i, '$1Infinity') ?? null),
        ),
      ),
    ],
  },
  {
    signature: 'wilson_interval_lower(bigint, bigint, double) -> double',
    make: scalar('athena_wilson_interval_lower', ['bigint', 'bigint', 'double'], 'double', (s, n, z) =>
      wilson(s, n, z, -1),
    ),
  },
  {
    signature: 'wilson_interval_upper(bigint, bigint, double) -> double',
    make: scalar('athena_wilson_interval_upper', ['bigint', 'bigint', 'double'], 'double', (s, n, z) =>
      wilson(s, n, z, 1),
    ),
  },
  ...random,
]

/** Functions on numbers that Athena documents and that are not done here. */
export const refusedMathFunctions: readonly { readonly name: string; readonly instead: string }[] = [
  { name: 'normal_cdf', instead: 'read the value from a table, or compute it where the result goes' },
  { name: 'inverse_normal_cdf', instead: 'read the value from a table, or compute it where the result goes' },
  { name: 'beta_cdf', instead: 'compute it where the result goes' },
  { name: 'inverse_beta_cdf', instead: 'compute it where the result goes' },
  { name: 'cosine_similarity', instead: 'compute it with reduce over the values, and sqrt' },
]
